package pv

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/machine"
	"tuco/kernel/x86"
)

// cpuid is what a guest gets for a leaf: the processor's answer with what a
// paravirtual guest can't use, or the hypervisor keeps for itself, taken out.
func cpuid(v *domain.VCPU, leaf, sub uint32) (r [4]uint32) {
	if leaf >= hypercall.XEN_CPUID_FIRST_LEAF && leaf < hypercall.XEN_CPUID_FIRST_LEAF+0x100 {
		return ownLeaf(leaf-hypercall.XEN_CPUID_FIRST_LEAF, sub)
	}
	if leaf > lastLeaf(leaf&extended) {
		return r
	}
	r[0], r[1], r[2], r[3] = x86.CPUID(leaf, sub)
	switch leaf {
	case 0:
		r[0] = lastLeaf(0)
	case 1:
		r[1] = r[1]&0xffff | 1<<16 // one logical processor; APIC id 0 for all, as on Xen, for there are no APICs
		r[2] &= leaf1ECX
		r[3] &= leaf1EDX
		r[2] |= 1 << 31 // a hypervisor is there
		if x86.ReadCR4()&x86.CR4OSXSAVE != 0 {
			// As on Xen, whatever the guest's own CR4 says: Linux goes by it.
			r[2] |= 1 << 27
		}
	case 4, 0x8000_001d: // caches
		r[0] &^= 0xfff<<14 | 0x3f<<26 // shared with nobody
		if leaf == 4 && r[0]&31 == 0 {
			return [4]uint32{}
		}
	case 7:
		if sub != 0 {
			return [4]uint32{}
		}
		r = [4]uint32{0, r[1] & leaf7EBX, r[2] & leaf7ECX, r[3] & leaf7EDX}
	case 0xd:
		extendedState(&r, sub)
	case extended:
		r[0] = lastLeaf(extended)
	case extended | 1:
		r[2] &= extended1ECX
		r[3] &= extended1EDX
	case extended | 7:
		r = [4]uint32{0, 0, 0, r[3] & (1 << 8)} // the TSC's rate is constant
	case extended | 8:
		r = [4]uint32{r[0] & 0xffff, r[1] & extended8EBX, 0, 0}
	case 2, 0x15, 0x16, extended | 2, extended | 3, extended | 4, extended | 5, extended | 6:
	default:
		return [4]uint32{}
	}
	return r
}

const extended = 0x8000_0000

// lastLeaves are the last leaves that guests know of, in either range. Constant after Start.
var lastLeaves [2]uint32

func findLastLeaves() {
	last, _, _, _ := x86.CPUID(0, 0)
	lastLeaves[0] = min(last, 0x16)
	last, _, _, _ = x86.CPUID(extended, 0)
	lastLeaves[1] = min(last, extended|0x1d)
}

// lastLeaf is the last one of a range.
func lastLeaf(base uint32) uint32 { return lastLeaves[base>>31] }

// What guests may see of the processor's features. Left out is what needs ring
// 0 or the hypervisor's tables: paging's extensions (large and huge pages,
// global pages, PCID, SMEP, SMAP, protection keys), virtualization, system
// management, monitoring, and all that has state which is not switched. Machine
// checks are there, as on Xen, though with no bank to look at. APM vol. 3,
// "Obtaining Processor Information Via the CPUID Instruction"; SDM vol. 2,
// "CPUID—CPU Identification".
const (
	leaf1ECX = 1<<0 | 1<<1 | 1<<9 | 1<<12 | 1<<13 | 1<<19 | 1<<20 | 1<<22 | 1<<23 | 1<<25 | 1<<26 | 1<<28 | 1<<29 | 1<<30
	leaf1EDX = 1<<0 | 1<<2 | 1<<4 | 1<<5 | 1<<6 | 1<<7 | 1<<8 | 1<<9 | 1<<11 | 1<<14 | 1<<15 | 1<<16 | 1<<19 | 1<<23 | 1<<24 | 1<<25 |
		1<<26 | 1<<27
	leaf7EBX     = 1<<0 | 1<<3 | 1<<5 | 1<<8 | 1<<9 | 1<<18 | 1<<19 | 1<<23 | 1<<24 | 1<<29
	leaf7ECX     = 1<<9 | 1<<10
	leaf7EDX     = 1 << 4
	extended1ECX = 1<<0 | 1<<4 | 1<<5 | 1<<6 | 1<<7 | 1<<8 | 1<<11 | 1<<16 | 1<<21
	extended1EDX = leaf1EDX&0x0183_f3ff | 1<<11 | 1<<20 | 1<<22 | 1<<25 | 1<<27 | 1<<29 | 1<<30 | 1<<31
	extended8EBX = 1 << 0
)

// extendedState is leaf 0xd: the vector state that is switched.
func extendedState(r *[4]uint32, sub uint32) {
	const mask = x86.XCR0X87 | x86.XCR0SSE | x86.XCR0AVX
	switch sub {
	case 0:
		r[0] &= mask
		r[3] = 0
		r[2] = 512 + 64
		if r[0]&x86.XCR0AVX != 0 {
			r[2] += 256
		}
		r[1] = min(r[1], r[2])
	case 1:
		r[0] &= 1 << 0 // XSAVEOPT
		r[1], r[2], r[3] = 0, 0, 0
	case 2: // AVX
	default:
		*r = [4]uint32{}
	}
}

// ownLeaf is a leaf of the hypervisor's own.
func ownLeaf(n, sub uint32) (r [4]uint32) {
	switch n {
	case 0:
		r = [4]uint32{
			hypercall.XEN_CPUID_FIRST_LEAF + hypercall.XEN_CPUID_MAX_NUM_LEAVES,
			hypercall.XEN_CPUID_SIGNATURE_EBX, hypercall.XEN_CPUID_SIGNATURE_ECX, hypercall.XEN_CPUID_SIGNATURE_EDX,
		}
	case 1:
		r[0] = Version
	case 2:
		r[0] = 1 // hypercall page
		r[2] = hypercall.XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD
	case 3:
		timeLeaf(&r, sub)
	case 5:
		r[1] = addressWidth()
	}
	return r
}

// Version is the version of the ABI, as xen_version says it: 4.17.
const Version = 4<<16 | 17

// timeLeaf is leaf 3: how guests get the time.
func timeLeaf(r *[4]uint32, sub uint32) {
	switch sub {
	case 0:
		const reliable = 1 << 2 // the host's TSC runs at one rate everywhere
		r[0] = reliable
		r[2] = uint32(machine.Clock.Hz() / 1000)
	case 1:
		r[2], r[3] = machine.Clock.Mul, uint32(machine.Clock.Shift)
	case 2:
		r[0] = uint32(machine.Clock.Hz() / 1000)
	}
}

func addressWidth() uint32 {
	if last, _, _, _ := x86.CPUID(extended, 0); last >= extended|8 {
		a, _, _, _ := x86.CPUID(extended|8, 0)
		return a & hypercall.XEN_CPUID_MACHINE_ADDRESS_WIDTH_MASK
	}
	return 36
}
