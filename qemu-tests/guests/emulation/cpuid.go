package emulation

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// plainCPUID is CPUID as the processor has it, or as the hypervisor does if it intercepts that.
func plainCPUID(function, index uint32) (l pv.CPUIDLeaf)

func cpuid(t *pv.T) {
	plain, forced := plainCPUID(0, 0), pv.CPUID(0, 0)
	t.Check(plain.EBX == forced.EBX && plain.ECX == forced.ECX && plain.EDX == forced.EDX, "the vendor is another with the prefix")
	t.Check(plain.EAX >= 1 && forced.EAX >= 1, "CPUID has %d and %d functions", uint64(plain.EAX), uint64(forced.EAX))
	one := pv.CPUID(1, 0)
	const hypervisor = 1 << 31
	t.Check(one.ECX&hypervisor != 0, "function 1 (ecx %x) does not tell of a hypervisor", uint64(one.ECX))
	const fpu, pae, sse2 = 1 << 0, 1 << 6, 1 << 26
	t.Equal("what every processor here has, in function 1", uint64(one.EDX&(fpu|pae|sse2)), fpu|pae|sse2)
	const pse, pge, vme, mtrr = 1 << 3, 1 << 13, 1 << 1, 1 << 12
	t.Equal("what a paravirtual guest can't have, in function 1", uint64(one.EDX&(pse|pge|vme)), 0)
	const longMode, syscall, nx = 1 << 29, 1 << 11, 1 << 20
	t.Equal("what a 64-bit guest needs, in function 0x80000001", uint64(pv.CPUID(0x8000_0001, 0).EDX&(longMode|syscall|nx)), longMode|syscall|nx)

	base := pv.CPUID(hypercall.XEN_CPUID_FIRST_LEAF, 0)
	t.Equal("signature 1", uint64(base.EBX), hypercall.XEN_CPUID_SIGNATURE_EBX)
	t.Equal("signature 2", uint64(base.ECX), hypercall.XEN_CPUID_SIGNATURE_ECX)
	t.Equal("signature 3", uint64(base.EDX), hypercall.XEN_CPUID_SIGNATURE_EDX)
	t.Check(base.EAX >= hypercall.XEN_CPUID_FIRST_LEAF+2, "only functions up to %x", uint64(base.EAX))
	version := pv.XenVersion[byte](hypercall.XENVER_version, nil)
	t.Equal("version", uint64(pv.CPUID(hypercall.XEN_CPUID_FIRST_LEAF+1, 0).EAX), version)
}

func forcedUser()
func forcedOther()

// prefixAt is the address at which jumpToPrefix goes on.
var prefixAt uint64

func jumpToPrefix()

func cpuidForced(t *pv.T) {
	var u pv.User
	u.Start(forcedUser)
	t.Trapped("forced CPUID in user mode", u.Run(), pv.Syscall64, 0)
	t.Equal("its signature", u.BX, hypercall.XEN_CPUID_SIGNATURE_EBX)
	t.Trapped("the prefix before another instruction", pv.Catch(forcedOther), pv.UD, 0)

	// The prefix lies at the end of a page behind which there is nothing.
	page := pv.AllocPage()
	second := page + pv.PageSize
	entry := *pv.Entry(second, 1)
	t.OK("unmapping", pv.UpdateVAMapping(second, 0, hypercall.UVMF_INVLPG))
	const instruction = hypercall.XEN_EMULATE_PREFIX + "\x0f\xa2"
	for missing := uint64(1); missing < uint64(len(instruction)); missing++ {
		present := uint64(len(instruction)) - missing
		prefixAt = second - present
		for i := range present {
			*pv.At[byte](prefixAt + i) = instruction[i]
		}
		trap := pv.Catch(jumpToPrefix)
		// Where the processor has read UD2 and the hypervisor reads on, the fault need not look like one of a fetch.
		t.Check(trap.Vector == pv.PF && trap.Error&^fetchError == 0,
			"vector %d, error %x with %d bytes of the instruction mapped", uint64(trap.Vector), trap.Error, present)
		t.Equal("cr2", trap.CR2, second)
	}
	t.OK("mapping", pv.UpdateVAMapping(second, entry, hypercall.UVMF_INVLPG))
	pv.FreePage(page)
}

const fetchError = 1 << 4
