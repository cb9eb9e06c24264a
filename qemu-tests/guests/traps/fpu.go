package traps

import "tuco/qemu-tests/guests/pv"

// fpuOff makes the hypercall fpu_taskswitch in assembly: between it and the FPU's use no Go code may run, which uses
// vector registers.
func fpuOff(t *pv.T) {
	trap := pv.Catch(switchAndUse)
	t.Trapped("FPU with TS set", trap, pv.NM, 0)
	requireAt(t, "FPU with TS set", trap.RIP, "\x0f\x10", false)
	// Delivering the trap has cleared TS: this very check has used vector registers.
	t.NoTrap("FPU with TS set and cleared", pv.Catch(switchTwiceAndUse))
	t.Trapped("FPU with TS set by a write to CR0", pv.Catch(setTSAndUse), pv.NM, 0)
	t.NoTrap("FPU after CLTS", pv.Catch(setTSClearAndUse))
}

func switchAndUse()
func switchTwiceAndUse()
func setTSAndUse()
func setTSClearAndUse()

// fpuErrors raises what the FPU reports when asked to.
func fpuErrors(t *pv.T) {
	t.Trapped("x87 division by zero", pv.Catch(x87Error), pv.MF, 0)
	resetFPU()
	t.Trapped("x87 division by zero in user mode", pv.RunUser(x87Error), pv.MF, 0)
	resetFPU()
}

func simdErrors(t *pv.T) {
	trap := pv.RunUser(simdError)
	resetFPU()
	if trap.Vector == pv.Syscall64 {
		t.Skip("the processor raises no #XM here: QEMU's TCG has none")
		return
	}
	t.Trapped("SIMD division by zero in user mode", trap, pv.XM, 0)
	t.Trapped("SIMD division by zero", pv.Catch(simdError), pv.XM, 0)
	resetFPU()
}

func x87Error()
func simdError()
func resetFPU()

// alignment needs CR0.AM, which the hypervisor may have set, and an emulator that checks.
func alignment(t *pv.T) {
	trap := pv.RunUser(misalignedRead)
	if trap.Vector == pv.Syscall64 {
		t.Skip("the processor raises no #AC here: QEMU's TCG has none")
		return
	}
	t.Trapped("misaligned read in user mode with AC set", trap, pv.AC, 0)
	requireAt(t, "misaligned read", trap.RIP, "\x48\x8b", false)
}

func misalignedRead()
