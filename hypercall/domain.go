package hypercall

// DomID is domid_t: the number of a domain, or one of the names below.
type DomID uint16

// Domain numbers with a meaning of their own, none of which an ordinary domain
// has. Public header xen.h.
const (
	DOMID_FIRST_RESERVED DomID = 0x7ff0
	DOMID_SELF           DomID = 0x7ff0 // the caller
	DOMID_IO             DomID = 0x7ff1 // the owner of devices' memory: only I/O frames are meant
	DOMID_XEN            DomID = 0x7ff2 // the owner of what the hypervisor lets others map
	DOMID_COW            DomID = 0x7ff3 // the owner of shared copy-on-write frames
	DOMID_INVALID        DomID = 0x7ff4 // nobody
	DOMID_IDLE           DomID = 0x7fff // the idle domain
	DOMID_MASK           DomID = 0x7fff // bits that a domain's number may have
)

// XenPFN is xen_pfn_t: the number of a frame. Of which kind (machine, guest,
// pseudo-physical) the field or argument says.
type XenPFN uint64
