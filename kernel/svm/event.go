package svm

import (
	"tuco/kernel/exit"
	"tuco/kernel/x86"
)

// encode makes the word that EVENTINJ takes.
func encode(e exit.Event) uint64 {
	w := uint64(e.Vector) | uint64(e.Kind)<<8 | eventValid
	if e.HasCode {
		w |= eventHasCode | uint64(e.ErrorCode)<<32
	}
	return w
}

// decodeEvent reads such a word; only the valid bit says that there is an event.
func decodeEvent(w uint64) (exit.Event, bool) {
	if w&eventValid == 0 {
		return exit.Event{}, false
	}
	e := exit.Event{Vector: x86.Vector(w), Kind: exit.EventKind(w >> 8 & 7)}
	if w&eventHasCode != 0 {
		e.HasCode = true
		e.ErrorCode = uint32(w >> 32)
	}
	return e, true
}

// Inject delivers the event at the next entry.
func (g *Guest) Inject(e exit.Event) { g.vmcb.control.eventInject = encode(e) }

// Pending is the event of the next entry.
func (g *Guest) Pending() (exit.Event, bool) { return decodeEvent(g.vmcb.control.eventInject) }

// Cancel drops it.
func (g *Guest) Cancel() { g.vmcb.control.eventInject = 0 }

// resume makes the event that the exit kept from being delivered pending
// again. A software interrupt's instruction has not been passed yet and
// executes again; so do INT3 and INTO, which are exceptions by their kind.
func (g *Guest) resume() {
	e, ok := decodeEvent(g.vmcb.control.exitIntInfo)
	if !ok || e.Kind == exit.EventSoftware {
		return
	}
	if e.Kind == exit.EventException && (e.Vector == x86.VectorBP || e.Vector == x86.VectorOF) {
		return
	}
	g.Inject(e)
}

// Interruptible tells whether an external interrupt can be injected.
func (g *Guest) Interruptible() bool {
	c := &g.vmcb.control
	return g.vmcb.save.rflags&x86.FlagIF != 0 && c.shadow&shadowSTI == 0 && c.eventInject&eventValid == 0
}

// SetWindow asks for an exit when the guest can take an interrupt: a virtual
// interrupt of the highest priority is made pending, whose acceptance exits.
func (g *Guest) SetWindow(on bool) {
	c := &g.vmcb.control
	if on {
		c.virtualInterrupt |= vIRQ | vPriority | vIgnoreTPR
		c.intercepts[0] |= interceptVINTR
	} else {
		c.virtualInterrupt &^= vIRQ | vPriority | vIgnoreTPR
		c.intercepts[0] &^= interceptVINTR
	}
	c.clean &^= cleanIntercepts | cleanInterrupt
}

// SetTSCOffset sets what is added to the host's time stamp counter.
func (g *Guest) SetTSCOffset(offset uint64) {
	g.vmcb.control.tscOffset = offset
	g.vmcb.control.clean &^= cleanIntercepts
}
