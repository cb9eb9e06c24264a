package lines

import (
	"tuco/hypercall"
	"tuco/kernel/klog"
	"tuco/kernel/lock"
)

// A Message is what a device writes to interrupt: so much, where to. Intel SDM vol. 3, "Message Signalled
// Interrupts".
type Message struct {
	Address uint64
	Data    uint32
}

// The address of a message, without the CPU that is to be interrupted: by its APIC ID, in physical
// mode.
const (
	messageAddress  = 0xfee0_0000
	messageCPUShift = 12
)

// NewMessage gives the domain a number for what a device of it signals by messages, and says which. Unmap takes
// both back.
//
// ENODEV: there is no CPU that a message can name. ENOSPC: no vector, or no number, is free.
func NewMessage(h *lock.Holder) (number int32, m Message, e hypercall.Errno) {
	if all.cpu > maxDestination {
		return 0, m, hypercall.ENODEV
	}
	all.lock.Lock(h)
	l := freeMessage()
	number, e = highest()
	if l == nil {
		e = hypercall.ENOSPC
	}
	if e == 0 {
		if !l.handled {
			hardware.handle(vector(l.GSI), interrupt)
			l.handled = true
		}
		l.message, l.Level, l.number = true, false, uint32(number)
		all.numbers[number] = int32(l.GSI) + 1
		if e = all.domain.Events.PermitPIRQ(h, l.number, true); e != 0 {
			klog.Bug("the domain that has all lines may not have a number of its own")
		}
		m = Message{messageAddress | uint64(all.cpu)<<messageCPUShift, uint32(vector(l.GSI))}
	}
	all.lock.Unlock(h)
	return number, m, e
}

// freeMessage is a place of a line that no controller has, nor a message. The lock is held.
func freeMessage() *line {
	for i := len(all.lines) - 1; i >= 0; i-- {
		if l := &all.lines[i]; !l.there && !l.taken && !l.message {
			return l
		}
	}
	return nil
}
