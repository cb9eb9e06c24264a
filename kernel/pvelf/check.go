package pvelf

import (
	"tuco/hypercall"
	"tuco/kernel/text"
)

const (
	xenVersion    = "xen-3.0" // that of the ABI, since 2005
	genericLoader = "generic"
	linux         = "linux"
)

// checkNotes judges the notes by themselves: whether they are those of a PV
// kernel, and one for this ABI.
func (i *Image) checkNotes(offered Features) Error {
	n := &i.notes
	_, entry := n.number(hypercall.XEN_ELFNOTE_ENTRY)
	_, pvh := i.Phys32Entry()
	version, loader := n.text(hypercall.XEN_ELFNOTE_XEN_VERSION), n.text(hypercall.XEN_ELFNOTE_LOADER)
	switch {
	case pvh && !entry:
		return Error{Code: OnlyPVH}
	case !text.HasPrefix(version, xenVersion):
		return Error{Code: WrongVersion, word: version}
	case !text.HasPrefix(loader, genericLoader) && !text.HasPrefix(i.GuestOS(), linux):
		return Error{Code: WrongLoader, word: loader}
	}
	_, base := n.number(hypercall.XEN_ELFNOTE_VIRT_BASE)
	if _, offset := n.number(hypercall.XEN_ELFNOTE_PADDR_OFFSET); offset && !base {
		return Error{Code: OffsetAlone}
	}
	if v, _ := n.number(hypercall.XEN_ELFNOTE_HV_START_LOW); v > hypercall.HYPERVISOR_VIRT_START {
		return Error{Code: HoleTooHigh, n: [3]uint64{v, hypercall.HYPERVISOR_VIRT_START}}
	}
	return i.readFeatures(offered)
}
