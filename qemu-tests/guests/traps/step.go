package traps

import "tuco/qemu-tests/guests/pv"

// stepped sets TF for two instructions of a byte each, and for those that clear it again.
func stepped()

// stepSizes is the size of each instruction with TF set: NOP, NOP, PUSHFQ, ANDQ, POPFQ.
var stepSizes = [...]uint64{1, 1, 1, 8, 1}

// steps is where the handler was called.
var steps struct {
	n      int
	rip    [8]uint64
	status uint64 // DR6 bits seen each time
}

const statusStep = 1 << 14 // DR6.BS

func noteStep(f *pv.Frame) {
	if steps.n < len(steps.rip) {
		steps.rip[steps.n] = f.RIP
	}
	steps.n++
	steps.status &= pv.GetDebugreg(6)
	pv.SetDebugreg(6, 0)
}

func singleStep(t *pv.T) {
	startSteps()
	stepped()
	requireSteps(t)
}

func singleStepUser(t *pv.T) {
	startSteps()
	t.Trapped("end of user code", pv.RunUser(stepped), pv.Syscall64, 0)
	requireSteps(t)
}

func startSteps() {
	steps.n, steps.status = 0, ^uint64(0)
	pv.OnTrap(pv.DB, noteStep)
}

func requireSteps(t *pv.T) {
	pv.OnTrap(pv.DB, nil)
	if !t.Equal("steps", uint64(steps.n), uint64(len(stepSizes))) {
		return
	}
	for i := 1; i < len(stepSizes); i++ {
		t.Check(steps.rip[i]-steps.rip[i-1] == stepSizes[i], "step %d is from %x to %x", uint64(i), steps.rip[i-1], steps.rip[i])
	}
	t.Check(steps.status&statusStep != 0, "DR6 is %x and does not tell of a step", steps.status)
}

// syscallStep has TF set while user mode enters the kernel by SYSCALL: the kernel starts without it, and user mode
// goes on with it.
func syscallStep(t *pv.T) {
	var u pv.User
	u.Start(steppedSyscall)
	trap := u.Run()
	t.Trapped("step to SYSCALL", trap, pv.DB, 0) // the NOP before
	trap = u.Run()
	t.Trapped("SYSCALL", trap, pv.Syscall64, 0)
	t.Check(trap.RFLAGS&pv.FlagTF != 0, "the saved flags %x lack TF", trap.RFLAGS)
	trap = u.Run()
	t.Trapped("step behind SYSCALL", trap, pv.DB, 0)
}

func steppedSyscall()

// shadowStep has TF set in user mode and goes right behind a load of SS, which puts the trap off, into the hypervisor. The
// trap, if there is one, is user mode's, and there is none in the kernel, in which TF is clear.
func shadowStep(t *pv.T) {
	stray = 0
	pv.OnTrap(pv.DB, noteStray)
	pv.OnTrap(pv.UD, skipCall)
	t.Trapped("end of user code", pv.RunUser(steppedShadow), pv.Syscall64, 0)
	pv.OnTrap(pv.DB, nil)
	pv.OnTrap(pv.UD, nil)
	t.Equal("steps of the kernel's", stray, 0)
}

func steppedShadow()

var stray uint64

func noteStray(f *pv.Frame) {
	if !f.FromUser() {
		stray++
	}
}

// skipCall goes on behind a VMCALL or VMMCALL.
func skipCall(f *pv.Frame) { f.Iret.RIP += 3 }
