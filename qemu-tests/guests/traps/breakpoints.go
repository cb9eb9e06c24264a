package traps

import "tuco/qemu-tests/guests/pv"

// DR7: a local breakpoint 0 on execution, or on writes of eight bytes.
const (
	onExecute = 1
	onWrite   = 1 | 1<<16 | 2<<18
)

var watched uint64

func writeWatched()

func breakpointRegisters(t *pv.T) {
	if pv.Quirk("breakpoints") {
		t.Skip("QEMU's VMRUN loads DR7 and arms no breakpoint")
		return
	}
	for i, run := range [...]func(func()) pv.Trap{pv.Catch, pv.RunUser} {
		pv.SetDebugreg(6, 0)
		t.OK("DR0", pv.SetDebugreg(0, pv.CodeOf(undefined)))
		t.OK("DR7", pv.SetDebugreg(7, onExecute))
		trap := run(undefined)
		t.Trapped("breakpoint on execution", trap, pv.DB, 0)
		t.Equal("saved rip", trap.RIP, pv.CodeOf(undefined))
		t.Check(pv.GetDebugreg(6)&1 != 0, "DR6 does not tell of breakpoint 0 (mode %d)", uint64(i))

		pv.SetDebugreg(6, 0)
		t.OK("DR7", pv.SetDebugreg(7, 0))
		t.OK("DR0", pv.SetDebugreg(0, pv.Address(&watched)))
		t.OK("DR7", pv.SetDebugreg(7, onWrite))
		trap = run(writeWatched)
		t.Trapped("breakpoint on a write", trap, pv.DB, 0)
		requireAt(t, "write", trap.RIP, "\x90", false)
		t.Check(pv.GetDebugreg(6)&1 != 0, "DR6 does not tell of breakpoint 0 (mode %d)", uint64(i))
		t.OK("DR7", pv.SetDebugreg(7, 0))
		t.Trapped("no breakpoint", run(undefined), pv.UD, 0)
	}
	resumeFlag(t)
}

const flagRF = 1 << 16

var hits int

// countHit lets the instruction at the breakpoint run.
func countHit(f *pv.Frame) {
	hits++
	f.Iret.RFLAGS |= flagRF
}

// resumeFlag has the handler return to the instruction with RF set, which runs it.
func resumeFlag(t *pv.T) {
	hits = 0
	pv.OnTrap(pv.DB, countHit)
	pv.SetDebugreg(0, pv.CodeOf(undefined))
	pv.SetDebugreg(7, onExecute)
	trap := pv.Catch(undefined)
	pv.SetDebugreg(7, 0)
	pv.OnTrap(pv.DB, nil)
	t.Trapped("behind the breakpoint", trap, pv.UD, 0)
	t.Equal("breakpoints", uint64(hits), 1)
}
