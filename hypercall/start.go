package hypercall

// StartInfo is struct start_info: what a paravirtual kernel finds at RSI when
// it starts. Public header xen.h. The builder fills it; after that the page is
// the guest's, and nobody reads it again but a suspending toolstack.
type StartInfo struct {
	Magic         [32]byte // "xen-VERSION-PLATFORM", ended by a zero
	NrPages       uint64   // the domain's memory, in pages
	SharedInfo    uint64   // machine address of SharedInfo
	Flags         uint32   // SIF_*
	_             uint32
	StoreMFN      XenPFN // machine frame of the store's ring; not for domain 0
	StoreEvtchn   Port   // the store's port; not for domain 0
	_             uint32
	ConsoleMFN    XenPFN `abi:"console.domU.mfn"`    // machine frame of the console's ring; domain 0: see SetDom0Console
	ConsoleEvtchn Port   `abi:"console.domU.evtchn"` // the console's port; not for domain 0
	_             uint32
	PTBase        uint64                  // virtual address of the first L4 table
	NrPTFrames    uint64                  // frames of the first page tables, which follow PTBase
	MFNList       uint64                  // virtual address of the p2m: a machine frame number for each page
	ModStart      uint64                  // virtual address of the module (ramdisk); with SIF_MOD_START_PFN its first PFN
	ModLen        uint64                  // length of the module, in bytes; 0: there is none
	CmdLine       [MAX_GUEST_CMDLINE]byte // ended by a zero
	FirstP2MPFN   XenPFN                  `abi:"first_p2m_pfn"` // first PFN of the p2m's frames, if INIT_P2M placed it
	NrP2MFrames   uint64                  `abi:"nr_p2m_frames"` // how many frames that are, with their page tables
}

// MAX_GUEST_CMDLINE is the room for a paravirtual kernel's command line, with
// the zero at its end.
const MAX_GUEST_CMDLINE = 1024

// SetDom0Console says where domain 0 finds a description of the VGA console:
// offset from StartInfo and size, in bytes. It overlays ConsoleMFN. Size 0
// means that there is none.
func (s *StartInfo) SetDom0Console(offset, size uint32) {
	s.ConsoleMFN = XenPFN(offset) | XenPFN(size)<<32
}

// The flags in StartInfo.Flags and HVMStartInfo.Flags.
const (
	SIF_PRIVILEGED      = 1 << 0 // the domain is privileged
	SIF_INITDOMAIN      = 1 << 1 // it is the first domain, and controls the rest
	SIF_MULTIBOOT_MOD   = 1 << 2 // ModStart is a list of modules
	SIF_MOD_START_PFN   = 1 << 3 // ModStart is a PFN: the module is not mapped
	SIF_VIRT_P2M_4TOOLS = 1 << 4 // a p2m that is contiguous in virtual space is enough
	SIF_PM_MASK         = 0xff << 8
)

// Paravirtual tells whether the magic is that of a 64-bit paravirtual domain: xen-3.N-x86_64.
func (s *StartInfo) Paravirtual() bool {
	const begin, end = "xen-3.", "-x86_64\x00"
	at := len(begin)
	for at < len(s.Magic) && s.Magic[at] >= '0' && s.Magic[at] <= '9' {
		at++
	}
	return at+len(end) <= len(s.Magic) && string(s.Magic[:len(begin)]) == begin && string(s.Magic[at:at+len(end)]) == end
}
