package stub

import (
	"tuco/hypercall"
	"tuco/kernel/text"
	"tuco/qemu-tests/guests/pv"
)

// times is how often the loops go round.
const times = 1000

// What a round may cost at most with short cuts, in instructions, those of the loop and of the kernel's code included.
const (
	syscallLimit = 120
	faultLimit   = 150
	nullLimit    = 40
)

// syscallLoop is for user mode: it makes system calls, and leaves in SI how long they took.
func syscallLoop()

// faultLoop touches an address so many times, and returns how long it took.
func faultLoop(at, n uint64) (ticks uint64)

// nullLoop makes the hypercall xen_version.
func nullLoop(n uint64) (ticks uint64)

// goBack is where an entry for SYSCALL is which goes back at once, goOn a handler of page faults that goes on behind the
// instruction of faultLoop.
func goBack() uint64
func goOn() uint64

// exits is how often this vCPU was left; 0 where nobody says.
func exits() uint64 {
	var e hypercall.TucoExits
	if pv.TucoOp(hypercall.TUCOOP_exits, &e) != 0 {
		return 0
	}
	return e.Total
}

// cost measures the three. The machine's own interrupts are exits as well.
func cost(t *pv.T) {
	for _, masks := range [...]bool{false, true} {
		setEntry(goBack(), masks)
		before := exits()
		var u pv.User
		u.Start(syscallLoop)
		trap := u.Run()
		report(t, "system call and back", u.SI, exits()-before, syscallLimit)
		t.Trapped("the end", trap, pv.UD, 0)
		resetEntry()
	}

	setFaultHandler(goOn())
	for _, mask := range [...]uint8{1, 0} {
		pv.This().Info.EvtchnUpcallMask = mask
		before := exits()
		ticks := faultLoop(nowhere, times)
		report(t, "page fault and back", ticks, exits()-before, faultLimit)
		t.Equal("address of the fault", pv.This().Info.Arch.CR2, nowhere)
	}
	resetFaultHandler()

	before := exits()
	ticks := nullLoop(times)
	report(t, "null hypercall", ticks, exits()-before, nullLimit)
	pv.MaskUpcalls()
}

func report(t *pv.T, what string, ticks, exits, limit uint64) {
	if says("time=", "instructions") {
		var l text.Line
		pv.PrintLine(l.Str("stub: ").Str(what).Template(": %d instructions, %d exits in %d times", ticks/times, exits, times))
	}
	if !says("stub=", "on") {
		return
	}
	t.Check(exits < times/10, "%d exits", exits)
	if says("time=", "instructions") {
		t.Check(ticks/times <= limit, "%d instructions, at most %d", ticks/times, limit)
	}
}
