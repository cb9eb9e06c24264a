package events

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// came is what the upcalls brought.
var came struct {
	upcalls uint64
	frame   pv.Trap
	ports   [16]hypercall.Port // in order
	n       uint64
}

func note(p hypercall.Port) {
	if came.n < uint64(len(came.ports)) {
		came.ports[came.n] = p
	}
	came.n++
}

func takeUpcall(f *pv.Frame) {
	came.upcalls++
	came.frame = f.Trap
	pv.TakeEvents(note)
}

// listen makes takeUpcall the handler of upcalls, which are masked first.
func listen() {
	pv.MaskUpcalls()
	came.upcalls, came.n = 0, 0
	pv.OnTrap(pv.Event, takeUpcall)
}

func deafen() {
	pv.MaskUpcalls()
	pv.ForgetEvents()
	pv.OnTrap(pv.Event, nil)
}

// requireUpcalls requires that so many upcalls came since listen, each with one port.
func requireUpcalls(t *pv.T, what string, n uint64, p hypercall.Port) {
	t.Equal(what, came.upcalls, n)
	t.Equal("events taken", came.n, n)
	if n > 0 {
		t.Equal("port", uint64(came.ports[0]), uint64(p))
	}
}

func upcall(t *pv.T) {
	p := pv.BindIPI(0)
	info := pv.This().Info
	listen()
	t.OK("send", pv.Send(p))
	requireUpcalls(t, "upcalls while they are masked", 0, p)
	pv.UnmaskUpcalls()
	requireUpcalls(t, "upcalls with the entry after unmasking", 1, p)
	t.Check(came.frame.Masked, "upcalls are not masked in the handler")
	t.Check(!came.frame.UpcallMask, "the frame says that upcalls were masked")
	t.Check(came.frame.RFLAGS&pv.FlagIF != 0, "the frame's interrupt flag is clear")
	t.Equal("mask after iret", uint64(info.EvtchnUpcallMask), 0)

	t.OK("send, not masked", pv.Send(p))
	requireUpcalls(t, "upcalls with the call that sends", 2, p)
	t.Equal("mask after iret", uint64(info.EvtchnUpcallMask), 0)

	pv.Mask(p)
	t.OK("send to a masked port", pv.Send(p))
	requireUpcalls(t, "upcalls for a masked port", 2, p)
	pv.Unmask(p)
	requireUpcalls(t, "upcalls with the call that unmasks", 3, p)
	deafen()
	pv.Close(p)
}

// upcallOrder has several ports pending: one upcall tells of all.
func upcallOrder(t *pv.T) {
	var ports [10]hypercall.Port
	for i := range ports {
		ports[i] = pv.BindIPI(0)
	}
	listen()
	for i := range ports {
		t.OK("send", pv.Send(ports[len(ports)-1-i]))
		t.OK("send again", pv.Send(ports[len(ports)-1-i]))
	}
	pv.UnmaskUpcalls()
	t.Equal("upcalls", came.upcalls, 1)
	t.Equal("events", came.n, uint64(len(ports)))
	for i := range ports {
		t.Check(came.ports[i] == ports[i], "event %d is of port %d", uint64(i), uint64(came.ports[i]))
	}
	deafen()
	pv.Close(ports[:]...)
}

var nestedPort hypercall.Port

// upcallNested lets the first upcall's handler unmask upcalls and send.
func upcallNested(t *pv.T) {
	nestedPort = pv.BindIPI(0)
	listen()
	pv.OnTrap(pv.Event, takeNested)
	pv.Need("send", pv.Send(nestedPort))
	pv.UnmaskUpcalls()
	t.Equal("upcalls", came.upcalls, 4)
	t.Equal("events", came.n, 4)
	t.Equal("mask after all", uint64(pv.This().Info.EvtchnUpcallMask), 0)
	deafen()
	pv.Close(nestedPort)
}

func takeNested(f *pv.Frame) {
	takeUpcall(f)
	if came.upcalls < 4 {
		pv.Need("send", pv.Send(nestedPort))
		pv.UnmaskUpcalls()
	}
}

func spin()

// upcallUser interrupts user mode by a timer.
func upcallUser(t *pv.T) {
	pv.MaskUpcalls()
	p := pv.BindTimer()
	info := pv.This().Info
	pv.SetTimer(pv.Now() + wait)
	trap := pv.RunUser(spin)
	t.Trapped("upcall in user mode", trap, pv.Event, 0)
	t.Equal("privilege level of the saved CS", trap.CS&3, 3)
	t.Check(trap.Masked && !trap.UpcallMask, "upcalls are not masked in the handler, or were before")
	t.Check(pv.Pending(p) && pv.Selected(p) && info.EvtchnUpcallPending == 1, "the timer's port is not pending")
	pv.ForgetEvents()
	pv.Close(p)
}
