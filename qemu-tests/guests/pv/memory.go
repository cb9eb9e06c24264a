package pv

import "tuco/hypercall"

// PageSize is the size of a page and of a page table.
const PageSize = 4096

// VirtBase is where the domain's first page is mapped: see guest.ld.
const VirtBase = 0xffff_ffff_8000_0000

// The builder leaves at least this much mapped memory behind what it put there, of which the first stack is the last:
// public header xen.h, "Start-of-day memory layout".
const padding = 512 << 10

// free is the list of pages that AllocPage gives: the address of the first, whose first word has the next.
var free uint64

func initMemory() {
	const firstStack = PageSize
	start := StartInfo.PTBase + StartInfo.NrPTFrames*PageSize + firstStack
	for va := start + padding; va > start; {
		va -= PageSize
		FreePage(va)
	}
}

// AllocPage is a page of zeros.
func AllocPage() uint64 {
	va := free
	if va == 0 {
		panic("out of pages")
	}
	free = *At[uint64](va)
	*At[[PageSize]byte](va) = [PageSize]byte{}
	return va
}

// FreePage takes a page back. It is mapped as it was.
func FreePage(va uint64) {
	*At[uint64](va) = free
	free = va
}

// ImageEnd is where the guest's image ends, with its zeroed data.
func ImageEnd() uint64

// P2M is the machine frame of each of the domain's first pages.
func P2M(pfn uint64) *uint64 { return At[uint64](StartInfo.MFNList + 8*pfn) }

// M2P is the page of a machine frame of the domain's.
func M2P(mfn uint64) uint64 { return *At[uint64](hypercall.MACH2PHYS_VIRT_START + 8*mfn) }

// PFN is the number of the page that the builder mapped at an address.
func PFN(va uint64) uint64 { return (va - VirtBase) / PageSize }

// MFN is the frame of the page that the builder mapped at an address.
func MFN(va uint64) uint64 { return *P2M(PFN(va)) }

// Mapped is where the builder mapped a frame.
func Mapped(mfn uint64) uint64 { return VirtBase + M2P(mfn)*PageSize }

// sharedInfo is the page shared with the hypervisor.
var sharedInfo *hypercall.SharedInfo

// mapSharedInfo gives up a page to have an address for it.
func mapSharedInfo() {
	va := AllocPage()
	Need("mapping the shared page", UpdateVAMapping(va, StartInfo.SharedInfo|RW, hypercall.UVMF_INVLPG))
	sharedInfo = At[hypercall.SharedInfo](va)
	for i := range cpus {
		cpus[i].Info = &sharedInfo.VCPUInfo[i]
	}
}

// BadAddresses are addresses from which a hypercall can't read: nothing is mapped there, they are the hypervisor's, they
// are not canonical, or what begins there wraps to address 0.
var BadAddresses = [...]uint64{0x1000, 0xffff_8300_0000_0000, 0x8000_0000_0000, ^uint64(0) - 2}
