package user

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// flags: what iret makes of the flags that are not user mode's to have.
func flags(t *pv.T) {
	const carry, direction, iopl, nested, virtual8086, alignment, id = 1, 1 << 10, 3 << 12, 1 << 14, 1 << 17, 1 << 18, 1 << 21
	var p program
	p.load(syscall)
	p.start(0)
	p.u.Iret.RFLAGS |= carry | direction | iopl | virtual8086 | alignment | id
	trap := p.u.Run()
	t.Trapped("SYSCALL", trap, pv.Syscall64, 0)
	t.Equal("flags", trap.RFLAGS&(carry|direction|iopl|virtual8086|alignment|id), carry|direction|alignment|id)
	p.unload()
}

// stackSwitch has the kernel entered on another stack.
func stackSwitch(t *pv.T) {
	var p program
	p.load(syscall)
	page := pv.AllocPage()
	for _, sp := range [...]uint64{page + pv.PageSize, page + pv.PageSize - 8, page + 0x801} {
		t.OK("stack_switch", pv.StackSwitch(hypercall.FLAT_KERNEL_SS, sp))
		p.start(0)
		trap := p.u.Run()
		t.Trapped("SYSCALL", trap, pv.Syscall64, 0)
		t.Equal("bottom of the frame", trap.BounceSP, sp&^15-7*8)
	}
	t.OK("stack_switch", pv.StackSwitch(hypercall.FLAT_KERNEL_SS&^3, page+pv.PageSize))
	p.start(0)
	t.Trapped("SYSCALL with a stack selector of level 0", p.u.Run(), pv.Syscall64, 0)
	t.OK("stack_switch", pv.StackSwitch(hypercall.FLAT_KERNEL_SS, pv.This().KernelStack()))
	p.unload()
	pv.FreePage(page)
}

// compatibility runs 32-bit code.
func compatibility(t *pv.T) {
	const (
		loadDS   = "\x66\xb8\x2b\xe0\x8e\xd8" // MOVW $FLAT_USER_DS32, AX; MOVW AX, DS
		readData = "\xa1\x00\x10\x40\x00"     // MOVL 0x401000, AX
		int80    = "\xcd\x80"
		readDI   = "\x8b\x07" // MOVL (DI), AX
		sysenter = "\x0f\x34"
		cpuid0   = "\x31\xc0\x0f\xa2" // XORL AX, AX; CPUID
	)
	var p program
	p.load(loadDS + readData + int80 + syscall + readDI)
	*pv.At[uint64](p.data) = 0x1234_5678_9abc_def0
	p.start(emptyAt)
	p.u.Iret.CS, p.u.Iret.SS = hypercall.FLAT_USER_CS32, hypercall.FLAT_USER_SS32
	at := uint64(codeAt + len(loadDS) + len(readData) + len(int80))
	trap := p.u.Run()
	t.Trapped("INT 0x80", trap, pv.SyscallVector, 0)
	t.Equal("saved CS", trap.CS, hypercall.FLAT_USER_CS32)
	t.Equal("saved RIP", trap.RIP, at)
	t.Equal("what it read", p.u.Iret.RAX, 0x9abc_def0)
	// SYSCALL of 32-bit code is AMD's; Intel has SYSENTER for that.
	if trap = p.u.Run(); trap.Vector == pv.UD {
		p.u.Iret.RIP += uint64(len(syscall))
	} else {
		t.Trapped("SYSCALL", trap, pv.Syscall32, 0)
		t.Equal("saved CS", trap.CS, hypercall.FLAT_USER_CS32)
		t.Equal("saved RIP", trap.RIP, at+uint64(len(syscall)))
		t.Equal("RAX", p.u.Iret.RAX, 0x9abc_def0)
	}
	trap = p.u.Run()
	t.Trapped("read where nothing is", trap, pv.PF, userMode)
	t.Equal("cr2", trap.CR2, emptyAt)
	p.write(sysenter)
	p.start(0)
	p.u.Iret.CS, p.u.Iret.SS = hypercall.FLAT_USER_CS32, hypercall.FLAT_USER_SS32
	// SYSENTER is Intel's; on AMD's processors the instruction is refused, in one way or another.
	if trap = p.u.Run(); trap.Vector != pv.UD && trap.Vector != pv.GP {
		t.Trapped("SYSENTER", trap, pv.Sysenter, 0)
	}
	p.write(cpuid0 + int80)
	p.start(0)
	p.u.Iret.CS, p.u.Iret.SS = hypercall.FLAT_USER_CS32, hypercall.FLAT_USER_SS32
	trap = p.u.Run()
	t.Trapped("INT 0x80 behind CPUID", trap, pv.SyscallVector, 0)
	t.Equal("saved RIP", trap.RIP, uint64(codeAt+len(cpuid0)+len(int80)))
	t.Equal("EAX of CPUID", p.u.Iret.RAX, uint64(pv.CPUID(0, 0).EAX))
	t.Equal("EBX of CPUID", p.u.BX, uint64(pv.CPUID(0, 0).EBX))
	p.unload()
}

// basedCode runs 32-bit code in a segment that does not begin at 0.
func basedCode(t *pv.T) {
	const (
		descriptor = 0x00cf_fb00_0000_ffff | codeAt<<16
		selector   = 1*8 | 3
		nop        = "\x90"
		int80      = "\xcd\x80"
	)
	page := pv.AllocPage()
	*pv.At[uint64](page + 8) = descriptor
	pv.Protect(page)
	frame := hypercall.XenPFN(pv.MFN(page))
	t.OK("set_gdt", pv.SetGDT(&frame, 2))
	var p program
	p.load(nop + int80)
	p.start(0)
	p.u.Iret.CS, p.u.Iret.SS, p.u.Iret.RIP = selector, hypercall.FLAT_USER_SS32, 0
	trap := p.u.Run()
	t.Trapped("INT 0x80", trap, pv.SyscallVector, 0)
	t.Equal("saved CS", trap.CS, selector)
	t.Equal("saved RIP", trap.RIP, uint64(len(nop)+len(int80)))
	p.unload()
	t.OK("set_gdt with nothing", pv.SetGDT(nil, 0))
	pv.Unprotect(page)
	pv.FreePage(page)
}
