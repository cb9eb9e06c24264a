package virtio

import (
	"errors"
	"fmt"

	"tuco/control/pci"
)

// ErrNoMessages: the device can't interrupt by messages.
var ErrNoMessages = errors.New("the device has no messages (MSI-X)")

// A Messenger is a Transport whose device may interrupt by a message of its own, where a line is shared and has to be asked about.
type Messenger interface {
	Transport
	// UseMessage has the device interrupt by writing data to an address, whatever the reason. It comes before queues are
	// installed; from then on Interrupt always says that there is something. ErrNoMessages: it can't.
	UseMessage(address uint64, data uint32) error
}

// Fields of an entry of a device's table of messages.
const (
	entryAddress = 0
	entryUpper   = 4
	entryData    = 8
	entryControl = 12 // bit 0: masked
)

// theMessage is the only one that is used.
const theMessage = 0

// UseMessage implements Messenger.
func (t *overPCI) UseMessage(address uint64, data uint32) error {
	table, ok := t.device.Messages()
	if !ok {
		return ErrNoMessages
	}
	window, err := t.window(table.Region, table.Offset+pci.MessageEntry)
	if err != nil {
		return err
	}
	at := int(table.Offset)
	window.Write(at+entryAddress, 4, address&0xffffffff)
	window.Write(at+entryUpper, 4, address>>32)
	window.Write(at+entryData, 4, uint64(data))
	window.Write(at+entryControl, 4, 0)
	t.device.UseMessages(true)
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.setVector(msixConfig); err != nil {
		t.device.UseMessages(false)
		return err
	}
	t.message = true
	return nil
}

// setVector has the device interrupt by the message for what a register stands for. A device that can't says so.
func (t *overPCI) setVector(register int) error {
	t.common.write(register, 2, theMessage)
	if got := t.common.read(register, 2); got != theMessage {
		return fmt.Errorf("%w: it has a message and doesn't use it: its vector is %#x", ErrDevice, got)
	}
	return nil
}
