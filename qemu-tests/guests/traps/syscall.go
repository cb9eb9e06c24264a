package traps

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// syscallTwice executes SYSCALL, keeps RCX and R11 in R8 and R9, and does it again.
func syscallTwice()

func syscall(t *pv.T) {
	for _, how := range [...]uint64{0, hypercall.VGCF_in_syscall} {
		var u pv.User
		u.Start(syscallTwice)
		u.Iret.RFLAGS |= flagCF
		trap := u.Run()
		if !t.Trapped("SYSCALL", trap, pv.Syscall64, 0) {
			return
		}
		requireAt(t, "SYSCALL", trap.RIP, "\x0f\x05", true)
		t.Equal("saved CS", trap.CS, hypercall.FLAT_USER_CS)
		t.Equal("saved SS", trap.SS, hypercall.FLAT_USER_SS)
		t.Equal("RCX", u.Iret.RCX, trap.RIP)
		t.Equal("R11", u.Iret.R11&^fixedFlags, trap.RFLAGS&^fixedFlags)
		t.Check(trap.RFLAGS&flagCF != 0, "the saved flags %x lack CF", trap.RFLAGS)
		t.Equal("RDX", u.DX, 0x1234)
		t.Equal("bottom of the frame", trap.BounceSP, pv.This().KernelStack()-7*8)

		u.Iret.Flags = how
		u.Iret.RCX, u.Iret.R11 = 0x1111, 0x2222
		u.Iret.RAX = 0x3333
		back, flags := u.Iret.RIP, u.Iret.RFLAGS
		trap = u.Run()
		t.Trapped("second SYSCALL", trap, pv.Syscall64, 0)
		t.Equal("RAX behind it", u.Iret.RAX, 0x3333)
		if how == 0 {
			t.Equal("RCX behind iret", u.R8, 0x1111)
			t.Equal("R11 behind iret", u.R9, 0x2222)
		} else {
			t.Equal("RCX behind iret like SYSRET", u.R8, back)
			t.Equal("R11 behind iret like SYSRET", u.R9&^fixedFlags, flags&^fixedFlags)
		}
	}
}

const (
	flagCF = 1 << 0
	// fixedFlags are flags that a guest does not decide alone: RF, and IF, which stands for the mask.
	fixedFlags = flagRF | pv.FlagIF
)
