package hardware

import (
	"context"
	"errors"
	"syscall"

	"tuco/guestlib/evtchn"
	"tuco/guestlib/hyper"
	"tuco/hypercall"
)

// A Line is an interrupt line of the machine's.
type Line struct {
	pirq    uint32
	eoi     bool // somebody has to say when the device was served
	channel *evtchn.Channel
}

// Signal is how a line interrupts.
type Signal struct {
	Level bool // as long as it is up; otherwise when it goes up
	Low   bool // up means a low voltage
}

// PCI is how the lines of PCI slots signal on a PC whose firmware connects them to inputs of the old controllers' numbers, as that of QEMU's i440FX
// machine does.
var PCI = Signal{Level: true}

// OpenLine listens to a line, by its number among all (GSI). Other devices may have it too. It fails where it is not the domain's to have.
func OpenLine(gsi int, signal Signal) (*Line, error) {
	m, err := physdev("map an interrupt line", hypercall.PHYSDEVOP_map_pirq, hypercall.PhysdevMapPIRQ{
		DomID: hypercall.DOMID_SELF, Type: hypercall.MAP_PIRQ_TYPE_GSI, Index: int32(gsi), PIRQ: int32(gsi)})
	if err != nil {
		return nil, err
	}
	setup := hypercall.PhysdevSetupGSI{GSI: int32(gsi)}
	if signal.Level {
		setup.Triggering = 1
	}
	if signal.Low {
		setup.Polarity = 1
	}
	if _, err := physdev("set up an interrupt line", hypercall.PHYSDEVOP_setup_gsi, setup); err != nil && !errors.Is(err, syscall.EEXIST) { // which says that it was set up before
		return nil, errors.Join(err, unmap(m.PIRQ))
	}
	l := &Line{pirq: uint32(m.PIRQ)}
	l.channel, err = evtchn.BindPIRQ(l.pirq, true)
	if errors.Is(err, syscall.EEXIST) {
		return nil, err // it is another Line's, and so is the number
	}
	if err != nil {
		return nil, errors.Join(err, unmap(m.PIRQ))
	}
	status, err := physdev("ask about an interrupt", hypercall.PHYSDEVOP_irq_status_query, hypercall.PhysdevIRQStatusQuery{IRQ: l.pirq})
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	l.eoi = status.Flags&hypercall.XENIRQSTAT_needs_eoi != 0
	return l, nil
}

// Wait waits until the line has interrupted since the last Wait returned. The error is as evtchn.Channel's Wait's.
func (l *Line) Wait(ctx context.Context) error { return l.channel.Wait(ctx) }

// Done says that all devices that have the line were served. It may interrupt again from here on; at once, if one was not.
func (l *Line) Done() error {
	if !l.eoi {
		return nil
	}
	_, err := physdev("end an interrupt", hypercall.PHYSDEVOP_eoi, hypercall.PhysdevEOI{IRQ: l.pirq})
	return err
}

// Close gives the line back. Who waits gets evtchn.ErrClosed.
func (l *Line) Close() error {
	return errors.Join(l.channel.Close(), unmap(int32(l.pirq)))
}

func unmap(pirq int32) error {
	_, err := physdev("unmap an interrupt", hypercall.PHYSDEVOP_unmap_pirq, hypercall.PhysdevUnmapPIRQ{DomID: hypercall.DOMID_SELF, PIRQ: pirq})
	return err
}

func physdev[T any](what string, cmd uint64, arg T) (T, error) {
	arg, _, err := hyper.Op(what, hypercall.HYPERVISOR_physdev_op, cmd, arg)
	return arg, err
}
