package hypercall

// The commands of physdev_op. Public header physdev.h.
const (
	PHYSDEVOP_irq_status_query   = 5  // PhysdevIRQStatusQuery
	PHYSDEVOP_set_iopl           = 6  // PhysdevSetIOPL
	PHYSDEVOP_set_iobitmap       = 7  // PhysdevSetIobitmap
	PHYSDEVOP_apic_read          = 8  // PhysdevAPIC
	PHYSDEVOP_apic_write         = 9  // PhysdevAPIC
	PHYSDEVOP_alloc_irq_vector   = 10 // PhysdevIRQ
	PHYSDEVOP_free_irq_vector    = 11 // PhysdevIRQ
	PHYSDEVOP_eoi                = 12 // PhysdevEOI
	PHYSDEVOP_map_pirq           = 13 // PhysdevMapPIRQ
	PHYSDEVOP_unmap_pirq         = 14 // PhysdevUnmapPIRQ
	PHYSDEVOP_manage_pci_add     = 15 // PhysdevManagePCI
	PHYSDEVOP_manage_pci_remove  = 16 // PhysdevManagePCI
	PHYSDEVOP_pirq_eoi_gmfn_v1   = 17 // PhysdevPIRQEOIGMFN
	PHYSDEVOP_restore_msi        = 19
	PHYSDEVOP_manage_pci_add_ext = 20 // PhysdevManagePCIExt
	PHYSDEVOP_setup_gsi          = 21 // PhysdevSetupGSI
	PHYSDEVOP_get_free_pirq      = 23 // PhysdevGetFreePIRQ
	PHYSDEVOP_pci_mmcfg_reserved = 24 // PhysdevPCIMmcfgReserved
	PHYSDEVOP_pci_device_add     = 25 // PhysdevPCIDeviceAdd
	PHYSDEVOP_pci_device_remove  = 26 // PhysdevPCIDevice
	PHYSDEVOP_restore_msi_ext    = 27 // PhysdevPCIDevice
	PHYSDEVOP_pirq_eoi_gmfn_v2   = 28 // PhysdevPIRQEOIGMFN
	PHYSDEVOP_dbgp_op            = 29
	PHYSDEVOP_prepare_msix       = 30 // PhysdevPCIDevice
	PHYSDEVOP_release_msix       = 31 // PhysdevPCIDevice
)

// PhysdevSetIOPL is struct physdev_set_iopl: the I/O privilege level of the
// calling vCPU.
type PhysdevSetIOPL struct {
	IOPL uint32 // 0 to 3
}

// PhysdevSetIobitmap is struct physdev_set_iobitmap: the ports that the calling
// vCPU's user mode may use: those with a clear bit.
type PhysdevSetIobitmap struct {
	Bitmap  Handle[uint8]
	NrPorts uint32
	_       uint32
}

// PhysdevAPIC is struct physdev_apic: a register of an I/O APIC.
type PhysdevAPIC struct {
	ApicPhysbase uint64
	Reg          uint32
	Value        uint32 // [tuco] for a read, [guest] for a write
}

// PhysdevIRQ is struct physdev_irq.
type PhysdevIRQ struct {
	IRQ    uint32
	Vector uint32
}

// PhysdevEOI is struct physdev_eoi: the interrupt has been served.
type PhysdevEOI struct {
	IRQ uint32
}

// PhysdevPIRQEOIGMFN is struct physdev_pirq_eoi_gmfn: a page with a bit for each
// interrupt that needs a PHYSDEVOP_eoi.
type PhysdevPIRQEOIGMFN struct {
	GMFN XenPFN
}

// PhysdevIRQStatusQuery is struct physdev_irq_status_query.
type PhysdevIRQStatusQuery struct {
	IRQ   uint32
	Flags uint32 // [tuco] XENIRQSTAT_*
}

// What an interrupt is like.
const (
	XENIRQSTAT_needs_eoi = 1 << 0 // it needs a PHYSDEVOP_eoi
	XENIRQSTAT_shared    = 1 << 1 // several guests have it
)

// PhysdevMapPIRQ is struct physdev_map_pirq: give a domain an interrupt.
type PhysdevMapPIRQ struct {
	DomID     DomID
	_         uint16
	Type      int32 // MAP_PIRQ_TYPE_*
	Index     int32 // the GSI
	PIRQ      int32 // negative: [tuco] chooses
	Bus       int32 // MSI: the bus, with the segment in bits 31:16 for the later types
	Devfn     int32 // MSI
	EntryNr   int32 // MSI: the entry, or the number of vectors
	_         uint32
	TableBase uint64 // MSI-X: machine address of the table; 0: MSI
}

// What kind of interrupt a PhysdevMapPIRQ is for.
const (
	MAP_PIRQ_TYPE_MSI       = 0
	MAP_PIRQ_TYPE_GSI       = 1
	MAP_PIRQ_TYPE_UNKNOWN   = 2
	MAP_PIRQ_TYPE_MSI_SEG   = 3
	MAP_PIRQ_TYPE_MULTI_MSI = 4
)

// PhysdevUnmapPIRQ is struct physdev_unmap_pirq.
type PhysdevUnmapPIRQ struct {
	DomID DomID
	_     uint16
	PIRQ  int32
}

// PhysdevGetFreePIRQ is struct physdev_get_free_pirq.
type PhysdevGetFreePIRQ struct {
	Type int32  // MAP_PIRQ_TYPE_*
	PIRQ uint32 // [tuco]
}

// PhysdevSetupGSI is struct physdev_setup_gsi: how an interrupt line works.
type PhysdevSetupGSI struct {
	GSI        int32
	Triggering uint8 // 0 edge, 1 level
	Polarity   uint8 // 0 active high, 1 active low
	_          uint16
}
