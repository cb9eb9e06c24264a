package hypercall

// PhysdevPCIDevice is struct physdev_pci_device: a PCI function. Public header
// physdev.h.
type PhysdevPCIDevice struct {
	Seg        uint16
	Bus, Devfn uint8
}

// PhysdevPCIDeviceAdd is struct physdev_pci_device_add: domain 0 has found a PCI
// function. More words may follow it: see XEN_PCI_DEV_PXM.
type PhysdevPCIDeviceAdd struct {
	Seg         uint16
	Bus, Devfn  uint8
	Flags       uint32 // XEN_PCI_DEV_*
	PhysfnBus   uint8  `abi:"physfn.bus"` // XEN_PCI_DEV_VIRTFN: the physical function
	PhysfnDevfn uint8  `abi:"physfn.devfn"`
	_           uint16
}

// What a PCI function is like.
const (
	XEN_PCI_DEV_EXTFN  = 1 << 0
	XEN_PCI_DEV_VIRTFN = 1 << 1 // a virtual function
	XEN_PCI_DEV_PXM    = 1 << 2 // the proximity domain follows
)

// PhysdevPCIMmcfgReserved is struct physdev_pci_mmcfg_reserved: domain 0 has
// found that firmware keeps PCI's configuration space free for it.
type PhysdevPCIMmcfgReserved struct {
	Address          uint64
	Segment          uint16
	StartBus, EndBus uint8
	Flags            uint32 // XEN_PCI_MMCFG_RESERVED
}

// XEN_PCI_MMCFG_RESERVED in PhysdevPCIMmcfgReserved.Flags.
const XEN_PCI_MMCFG_RESERVED = 1

// PhysdevManagePCI is struct physdev_manage_pci: a PCI function of segment 0.
type PhysdevManagePCI struct {
	Bus, Devfn uint8
}

// PhysdevManagePCIExt is struct physdev_manage_pci_ext: what PhysdevPCIDeviceAdd has
// replaced.
type PhysdevManagePCIExt struct {
	Bus, Devfn  uint8
	_           uint16
	IsExtfn     uint32
	IsVirtfn    uint32
	PhysfnBus   uint8 `abi:"physfn.bus"`
	PhysfnDevfn uint8 `abi:"physfn.devfn"`
	_           uint16
}
