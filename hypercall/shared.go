package hypercall

// XEN_LEGACY_MAX_VCPUS is how many vCPUs have their VCPUInfo in SharedInfo.
// Higher ones have none until VCPUOP_register_vcpu_info gives them a place.
// Public header arch-x86/xen.h.
const XEN_LEGACY_MAX_VCPUS = 32

// EVTCHN_2L_NR_CHANNELS is how many ports a domain has with two-level event
// channels. Public header event_channel.h.
const EVTCHN_2L_NR_CHANNELS = 64 * 64

// SharedInfo is struct shared_info: the page that a domain shares with the
// hypervisor. Public header xen.h.
//
// An event on port p is raised from the leaf to the root: first bit p of
// EvtchnPending; then, if that was clear and bit p of EvtchnMask is clear, bit
// p/64 of the vCPU's EvtchnPendingSel; then, if that was clear, its
// EvtchnUpcallPending. A guest takes events from the root to the leaf, clearing
// on its way. Each step is an atomic operation that orders all before it, so
// whichever of the two sees the other's bit late finds it by the next one up.
type SharedInfo struct {
	VCPUInfo [XEN_LEGACY_MAX_VCPUS]VCPUInfo

	EvtchnPending [64]uint64 // [tuco] sets, [guest] clears: port p is bit p%64 of word p/64
	EvtchnMask    [64]uint64 // [guest]; EVTCHNOP_unmask makes [tuco] clear a bit

	// The wall clock when the system time was 0. Version is odd while the
	// rest changes, as in VCPUTimeInfo.
	WcVersion uint32 // [tuco]
	WcSec     uint32 // [tuco] seconds since 1970, low half
	WcNsec    uint32 // [tuco]
	WcSecHi   uint32 // [tuco] seconds since 1970, high half

	Arch ArchSharedInfo
}

// ArchSharedInfo is struct arch_shared_info: what a paravirtual guest tells
// tools about its p2m. Public header arch-x86/xen.h.
type ArchSharedInfo struct {
	MaxPFN                uint64 // [guest] entries in the p2m
	PFNToMFNFrameListList XenPFN // [guest] root of the p2m's three-level tree; 0 not yet, all ones: there is none
	NMIReason             uint64 // [tuco] XEN_NMIREASON_*
	P2MCR3                uint64 `abi:"p2m_cr3"`        // [guest] CR3 under which P2MVaddr holds; 0: the next two are not used
	P2MVaddr              uint64 `abi:"p2m_vaddr"`      // [guest] virtual address of the p2m
	P2MGeneration         uint64 `abi:"p2m_generation"` // [guest] odd while the p2m's mappings change
}

// VCPUInfo is struct vcpu_info: what a vCPU shares with the hypervisor, 64
// bytes. Public header xen.h.
type VCPUInfo struct {
	// EvtchnUpcallPending says that EvtchnPendingSel has something. [tuco]
	// sets it last; [guest] clears it before it reads EvtchnPendingSel.
	EvtchnUpcallPending uint8
	// EvtchnUpcallMask is a paravirtual guest's interrupt flag, upside down:
	// not 0 means no upcall. [guest]; [tuco] sets it when it delivers an
	// upcall, and clears it for SCHEDOP_block and iret. Only the pCPU that
	// the vCPU is on touches it.
	EvtchnUpcallMask uint8
	_                [6]byte
	EvtchnPendingSel uint64 // [tuco] sets, [guest] takes all at once: bit w for word w of EvtchnPending
	Arch             ArchVCPUInfo
	Time             VCPUTimeInfo
}

// ArchVCPUInfo is struct arch_vcpu_info. Public header arch-x86/xen-x86_64.h.
type ArchVCPUInfo struct {
	CR2 uint64 // [tuco] the address of the last page fault that was bounced
	Pad uint64
}
