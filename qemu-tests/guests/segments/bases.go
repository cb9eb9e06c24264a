package segments

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// one and two are words for bases to point at.
var one, two uint64 = 0x1111, 0x2222

// setKernelBase sets the base of FS or GS by the hypercall, reads the word that it points at, and puts it back.
func setKernelBase(which, base uint64) (at, result uint64)

func bases(t *pv.T) {
	at, result := setKernelBase(hypercall.SEGBASE_FS, pv.Address(&one))
	t.OK("FS", result)
	t.Equal("word at FS", at, one)
	at, result = setKernelBase(hypercall.SEGBASE_GS_KERNEL, pv.Address(&two))
	t.OK("GS", result)
	t.Equal("word at GS", at, two)
	t.OK("GS of user mode", pv.SetSegmentBase(hypercall.SEGBASE_GS_USER, pv.Address(&two)))
}

// basesUser has a base of FS that kernel and user mode share, and bases of GS that change with the mode.
func basesUser(t *pv.T) {
	var u pv.User
	u.Start(userBases)
	t.OK("GS of user mode", pv.SetSegmentBase(hypercall.SEGBASE_GS_USER, pv.Address(&two)))
	t.Trapped("user mode", u.Run(), pv.Syscall64, 0)
	t.Check(u.R8 == pv.FSBase(), "FS of user mode is not the kernel's: it has %x", u.R8)
	t.Equal("word at GS", u.R9, two)
	// The hypercall from kernel mode leaves user mode's alone, and survives being in user mode.
	u.Start(userBases)
	t.OK("GS of user mode", pv.SetSegmentBase(hypercall.SEGBASE_GS_USER, pv.Address(&one)))
	t.Trapped("user mode", u.Run(), pv.Syscall64, 0)
	t.Equal("word at GS", u.R9, one)
	t.OK("GS of user mode", pv.SetSegmentBase(hypercall.SEGBASE_GS_USER, 0))
}

func userBases()

func basesRefused(t *pv.T) {
	for _, which := range [...]uint64{hypercall.SEGBASE_FS, hypercall.SEGBASE_GS_USER, hypercall.SEGBASE_GS_KERNEL} {
		t.Errno("base that is not canonical", pv.SetSegmentBase(which, 0x8000_0000_0000_0000), hypercall.EINVAL)
	}
	t.Errno("no such base", pv.SetSegmentBase(4, 0), hypercall.EINVAL)
}

func userSelectors()

// gsSelector sets the selector of GS for user mode.
func gsSelector(t *pv.T) {
	page := makeGDT()
	t.OK("set_gdt", setGDT(512, page))
	t.OK("set_segment_base", pv.SetSegmentBase(hypercall.SEGBASE_GS_USER_SEL, 1*8|3))
	var u pv.User
	u.Start(userSelectors)
	t.Trapped("user mode", u.Run(), pv.Syscall64, 0)
	t.Equal("GS", u.R9&0xffff, 1*8|3)
	t.OK("set_segment_base with an empty entry", pv.SetSegmentBase(hypercall.SEGBASE_GS_USER_SEL, 5*8|3))
	u.Start(userSelectors)
	t.Trapped("user mode", u.Run(), pv.Syscall64, 0)
	t.Equal("GS after a selector that can't be loaded", u.R9&0xffff, 0)
	t.OK("set_segment_base with null", pv.SetSegmentBase(hypercall.SEGBASE_GS_USER_SEL, 0))
	freeGDT(page)
}

// otherBase is what userWriteBases takes.
var otherBase uint64

func userWriteBases()

func kernelBases(base uint64) (fs, gs, atFS, atGS uint64)

// fsgsbase has the instructions that read and write the bases.
func fsgsbase(t *pv.T) {
	const feature = 1 << 0
	if pv.CPUID(7, 0).EBX&feature == 0 {
		t.Skip("the processor has no FSGSBASE")
		return
	}
	const enable = 1 << 16
	pv.WriteCR4(pv.ReadCR4() | enable)
	t.Equal("CR4.FSGSBASE", pv.ReadCR4()&enable, enable)
	fs, gs, atFS, atGS := kernelBases(pv.Address(&one))
	t.Equal("FS base", fs, pv.FSBase())
	t.Equal("GS base", gs, pv.Address(pv.This()))
	t.Equal("word at FS", atFS, one)
	t.Equal("word at GS", atGS, one)

	otherBase = pv.Address(&two)
	var u pv.User
	u.Start(userWriteBases)
	t.Trapped("user mode", u.Run(), pv.Syscall64, 0)
	t.Equal("word at FS", u.R8, two)
	t.Equal("word at GS", u.R9, two)
	t.Equal("FS base", u.R12, otherBase)
	t.Equal("GS base", u.R13, otherBase)
	u.Start(userBases)
	t.Trapped("user mode once more", u.Run(), pv.Syscall64, 0)
	t.Equal("GS of user mode, as the instruction left it", u.R9, two)
	t.OK("GS of user mode", pv.SetSegmentBase(hypercall.SEGBASE_GS_USER, 0))
}
