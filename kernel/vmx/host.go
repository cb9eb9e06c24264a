package vmx

import (
	"unsafe"

	"tuco/kernel/frame"
	"tuco/kernel/layout"
	"tuco/kernel/x86"
)

// hostState is what an exit loads on one CPU. It is read off the CPU once,
// when VMX is turned on: the kernel changes none of it later, and the FS base
// is the CPU's own thread-local storage, so that Go code runs right after an exit.
type hostState struct {
	cr0, cr3, cr4          uint64
	pat, efer              uint64
	fsBase, gsBase         uint64
	trBase                 uint64
	gdtBase, idtBase       uint64
	sysenterCS             uint64
	sysenterESP, sysentEIP uint64
	cs, ss, ds, es, tr     uint16
}

// capture reads the state off this CPU.
func (h *hostState) capture() {
	h.cr0, h.cr3, h.cr4 = x86.ReadCR0(), x86.ReadCR3(), x86.ReadCR4()
	h.pat, h.efer = x86.RDMSR(x86.MSRPAT), x86.RDMSR(x86.MSREFER)
	h.fsBase, h.gsBase = x86.RDMSR(x86.MSRFSBase), x86.RDMSR(x86.MSRGSBase)
	h.sysenterCS = x86.RDMSR(x86.MSRSysenterCS)
	h.sysenterESP, h.sysentEIP = x86.RDMSR(x86.MSRSysenterESP), x86.RDMSR(x86.MSRSysenterEIP)
	h.gdtBase, h.idtBase = sgdt(), sidt()
	h.cs, h.ss, h.ds, h.es = segments()
	h.tr = str()
	d := (*[2]uint64)(layout.Pointer(frame.VAddr(h.gdtBase) + frame.VAddr(h.tr&selectorIndex)))
	h.trBase = systemBase(d[0], d[1])
}

// selectorIndex and selectorBits split a selector: a host selector in the VMCS
// must name the GDT and privilege level 0.
const (
	selectorBits  = 7
	selectorIndex = 0xffff &^ selectorBits
)

// systemBase is the base address in a 16-byte system descriptor.
func systemBase(low, high uint64) uint64 {
	return low>>16&0xff_ffff | low>>56<<24 | high<<32
}

// write puts the state into the current VMCS.
func (h *hostState) write() {
	put(HostCS, uint64(h.cs&selectorIndex))
	put(HostSS, uint64(h.ss&selectorIndex))
	put(HostDS, uint64(h.ds&selectorIndex))
	put(HostES, uint64(h.es&selectorIndex))
	put(HostFS, 0)
	put(HostGS, 0)
	put(HostTR, uint64(h.tr&selectorIndex))

	put(HostCR0, h.cr0)
	put(HostCR3, h.cr3)
	put(HostCR4, h.cr4)
	put(HostPAT, h.pat)
	put(HostEFER, h.efer)
	put(HostFSBase, h.fsBase)
	put(HostGSBase, h.gsBase)
	put(HostTRBase, h.trBase)
	put(HostGDTRBase, h.gdtBase)
	put(HostIDTRBase, h.idtBase)
	put(HostSysenterCS, h.sysenterCS)
	put(HostSysenterESP, h.sysenterESP)
	put(HostSysenterEIP, h.sysentEIP)
	put(HostRIP, uint64(uintptr(exitEntry())))
}

// exitEntry is the address that an exit comes back to.
func exitEntry() unsafe.Pointer
