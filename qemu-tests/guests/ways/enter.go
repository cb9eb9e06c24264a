package ways

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// pattern is what register n holds; vector registers count from 16.
func pattern(n uint64) uint64 { return 0x1111_2222_3333_0000 + n }

// fill gives all registers their patterns.
func fill(u *pv.User) {
	for i, r := range registersOf(u) {
		*r = pattern(uint64(i))
	}
	for i := range u.XMM {
		n := pattern(16 + uint64(i))
		u.XMM[i] = [2]uint64{n, ^n}
	}
}

// registersOf is where the general registers are, but for SP.
func registersOf(u *pv.User) [15]*uint64 {
	return [...]*uint64{
		&u.Iret.RAX, &u.Iret.RCX, &u.Iret.R11, &u.DX, &u.BX, &u.BP, &u.SI, &u.DI, &u.R8, &u.R9, &u.R10, &u.R12, &u.R13, &u.R14, &u.R15,
	}
}

// clobbered are those of registersOf that SYSCALL, and the return that is like SYSRET, change: RCX and R11.
func clobbered(i int) bool { return i == 1 || i == 2 }

// registers: a page fault changes none, and a system call only the two that SYSCALL takes; nor does the way back.
func registers(t *pv.T) {
	shared()
	for _, how := range [...]uint64{0, hypercall.VGCF_in_syscall} {
		var u pv.User
		u.StartAt(nowhere, userStack)
		fill(&u)
		u.Iret.Flags = how
		t.Trapped("nothing there", u.Run(), pv.PF, userMode|fetch)
		requirePatterns(t, "page fault", &u, how != 0)
		noteUser("registers at a page fault", how, 0, &u)

		u.StartAt(systemCallAt(), userStack)
		fill(&u)
		u.Iret.Flags = how
		t.Trapped("system call", u.Run(), pv.Syscall64, 0)
		requirePatterns(t, "system call", &u, true)
		t.Equal("RCX", u.Iret.RCX, u.RIP)
		t.Equal("R11", u.Iret.R11&^(pv.FlagRF|pv.FlagIF), u.RFLAGS&^(pv.FlagRF|pv.FlagIF))
		noteUser("registers at a system call", how, 0, &u)
	}
}

func requirePatterns(t *pv.T, what string, u *pv.User, butTwo bool) {
	for i, r := range registersOf(u) {
		if !butTwo || !clobbered(i) {
			t.Equal(what, *r, pattern(uint64(i)))
		}
	}
	for i := range u.XMM {
		n := pattern(16 + uint64(i))
		t.Check(u.XMM[i] == [2]uint64{n, ^n}, "XMM%d has changed", uint64(i))
	}
}

// words for bases to point at.
var userWord uint64 = 0x5555

// readGSAt is code that reads the word at GS base into R8, R9, R10: at first, behind a system call, and behind a page fault.
func readGSAt() uint64

const lengthOfRead = 3

// gs: the base of GS is each mode's own, whichever way the mode changes.
func gs(t *pv.T) {
	shared()
	t.OK("GS of user mode", pv.SetSegmentBase(hypercall.SEGBASE_GS_USER, pv.Address(&userWord)))
	for _, how := range [...]uint64{0, hypercall.VGCF_in_syscall} {
		var u pv.User
		u.StartAt(readGSAt(), userStack)
		u.DI = nowhere
		for _, v := range [...]pv.Vector{pv.Syscall64, pv.PF, pv.Syscall64} {
			trap := u.Run()
			if !t.Check(trap.Vector == v, "trap %d, want %d", uint64(trap.Vector), uint64(v)) {
				return
			}
			if v == pv.PF {
				u.Iret.RIP += lengthOfRead
			}
			u.Iret.Flags = how
		}
		t.Equal("GS at first", u.R8, userWord)
		t.Equal("GS behind a system call", u.R9, userWord)
		t.Equal("GS behind a page fault", u.R10, userWord)
	}
	t.OK("GS of user mode", pv.SetSegmentBase(hypercall.SEGBASE_GS_USER, 0))
}

// instructionsAt is instructions such as only the hypervisor may have, at least where they would do something; each in 16 bytes.
func instructionsAt() uint64

const (
	instructionSize = 16
	instructionsN   = 12
)

// privileged has user mode execute them, with the numbers of hypercalls that are served in a short way.
func privileged(t *pv.T) {
	shared()
	for i := range uint64(instructionsN) {
		for _, call := range [...]uint64{
			uint64(hypercall.HYPERVISOR_stack_switch), uint64(hypercall.HYPERVISOR_xen_version), uint64(hypercall.HYPERVISOR_iret),
		} {
			var u pv.User
			u.StartAt(instructionsAt()+i*instructionSize, userStack)
			u.Iret.RAX, u.SI = call, nowhere
			trap := u.Run()
			t.Check(trap.Vector == pv.UD || trap.Vector == pv.GP, "instruction %d: trap %d", i, uint64(trap.Vector))
			t.Equal("RAX", u.Iret.RAX, call)
			noteUser("instruction", i, call, &u)
		}
	}
	// No stack_switch was made.
	var u pv.User
	u.StartAt(systemCallAt(), userStack)
	t.Trapped("system call", u.Run(), pv.Syscall64, 0)
}
