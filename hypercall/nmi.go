package hypercall

// The commands of nmi_op. Public header nmi.h.
const (
	XENNMI_register_callback   = 0 // XenNMICallback
	XENNMI_unregister_callback = 1
)

// XenNMICallback is struct xennmi_callback: the handler of NMIs.
type XenNMICallback struct {
	HandlerAddress uint64
	Pad            uint64
}

// Why an NMI came, in ArchSharedInfo.NMIReason.
const (
	XEN_NMIREASON_io_error = 1 << 0
	XEN_NMIREASON_pci_serr = 1 << 1
	XEN_NMIREASON_unknown  = 1 << 2
)
