package hardware

import (
	"context"
	"errors"

	"tuco/guestlib/evtchn"
	"tuco/guestlib/hostctl"
)

// A Message is an interrupt that a device makes by writing Data to Address (MSI, MSI-X). It is nobody else's, so there is nothing to be
// asked, and nothing to be said when it was served.
type Message struct {
	Address uint64
	Data    uint32

	pirq    uint32
	channel *evtchn.Channel
}

// OpenMessage has the hypervisor compose a message, for a device that the domain has. The errors are hostctl's: ErrNoInterface where it is not
// Tuco.
func OpenMessage() (*Message, error) {
	m, err := hostctl.NewMessage()
	if err != nil {
		return nil, err
	}
	channel, err := evtchn.BindPIRQ(m.PIRQ, false)
	if err != nil {
		return nil, errors.Join(err, unmap(int32(m.PIRQ)))
	}
	return &Message{Address: m.Address, Data: m.Data, pirq: m.PIRQ, channel: channel}, nil
}

// Wait waits until the message has come since the last Wait returned. The error is as evtchn.Channel's Wait's.
func (m *Message) Wait(ctx context.Context) error { return m.channel.Wait(ctx) }

// Close gives the message back. The device was told before to send it no more. Who waits gets evtchn.ErrClosed.
func (m *Message) Close() error {
	return errors.Join(m.channel.Close(), unmap(int32(m.pirq)))
}
