package vmx

import (
	"tuco/kernel/exit"
	"tuco/kernel/x86"
)

// Interruption information: the form in which the VMCS tells of an event at
// an exit, of one that an exit kept from delivery, and takes one for delivery.
//
// SDM vol. 3, "VM-Entry Controls for Event Injection".
const (
	eventHasCode = 1 << 11
	eventValid   = 1 << 31

	kindInterrupt         = 0
	kindNMI               = 2
	kindException         = 3
	kindSoftware          = 4
	kindPrivileged        = 5 // ICEBP
	kindSoftwareException = 6 // INT3, INTO
)

// eventKind is the kind of event that the information tells of.
func eventKind(info uint32) uint32 { return info >> 8 & 7 }

// interrupted is the event that an exit kept from being delivered, if there
// was one that does not come again by itself: an instruction that raises an
// event (INT n, INT3, INTO, ICEBP) is executed again.
func interrupted(info, errorCode uint32) (e exit.Event, ok bool) {
	if info&eventValid == 0 {
		return e, false
	}
	switch eventKind(info) {
	case kindInterrupt:
		e.Kind = exit.EventInterrupt
	case kindNMI:
		e.Kind = exit.EventNMI
	case kindException:
		e.Kind = exit.EventException
	default:
		return e, false
	}
	e.Vector = x86.Vector(info)
	if info&eventHasCode != 0 {
		e.HasCode, e.ErrorCode = true, errorCode
	}
	return e, true
}

// packEvent is the interruption information for delivering the event.
func packEvent(e exit.Event) uint32 {
	info := eventValid | uint32(e.Kind)<<8 | uint32(e.Vector)
	if e.HasCode {
		info |= eventHasCode
	}
	return info
}

// Inject delivers the event at the next entry, in place of one that was
// pending. The CPU takes it at the entry and forgets it.
func (g *Guest) Inject(e exit.Event) {
	g.event, g.pending = e, true
	if e.HasCode {
		put(CtlEntryErrorCode, uint64(e.ErrorCode))
	}
	if e.Kind == exit.EventSoftware {
		put(CtlEntryLength, uint64(e.Length))
	}
	if e.Kind == exit.EventNMI && g.shadow&blockedByNMI != 0 {
		g.setShadow(g.shadow &^ blockedByNMI) // set when its delivery began
	}
	put(CtlEntryEvent, uint64(packEvent(e)))
}

// Pending is the event that the next entry will deliver, if there is one.
func (g *Guest) Pending() (exit.Event, bool) { return g.event, g.pending }

// Cancel drops the pending event.
func (g *Guest) Cancel() {
	g.pending = false
	put(CtlEntryEvent, 0)
}

// Interruptible tells whether an external interrupt could be injected now.
func (g *Guest) Interruptible() bool {
	return !g.pending && g.shadow&blockedShadow == 0 && g.RFLAGS()&x86.FlagIF != 0
}
