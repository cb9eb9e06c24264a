package hypercall

// XEN_HVM_START_MAGIC_VALUE is HVMStartInfo.Magic. Public header
// arch-x86/hvm/start_info.h.
const XEN_HVM_START_MAGIC_VALUE = 0x336e_c578

// HVMStartInfo is struct hvm_start_info: what a PVH kernel finds at EBX when it
// starts, in 32-bit protected mode without paging. An address of 0 means that
// there is none.
type HVMStartInfo struct {
	Magic         uint32
	Version       uint32 // 1; 0 is without a memory map
	Flags         uint32 // SIF_*
	NrModules     uint32
	ModlistPaddr  uint64 // of HVMModlistEntry
	CmdlinePaddr  uint64 // of a text that a zero ends
	RSDPPaddr     uint64 // of ACPI's root pointer
	MemmapPaddr   uint64 // of HVMMemmapTableEntry
	MemmapEntries uint32
	Reserved      uint32
}

// HVMModlistEntry is struct hvm_modlist_entry: a module, such as a ramdisk.
type HVMModlistEntry struct {
	Paddr        uint64
	Size         uint64 // in bytes
	CmdlinePaddr uint64
	Reserved     uint64
}

// HVMMemmapTableEntry is struct hvm_memmap_table_entry: a stretch of the guest's
// physical space.
type HVMMemmapTableEntry struct {
	Addr     uint64
	Size     uint64 // in bytes
	Type     uint32 // XEN_HVM_MEMMAP_TYPE_*
	Reserved uint32
}

// What a stretch of the physical space is.
const (
	XEN_HVM_MEMMAP_TYPE_RAM      = 1
	XEN_HVM_MEMMAP_TYPE_RESERVED = 2
	XEN_HVM_MEMMAP_TYPE_ACPI     = 3
	XEN_HVM_MEMMAP_TYPE_NVS      = 4
	XEN_HVM_MEMMAP_TYPE_UNUSABLE = 5
	XEN_HVM_MEMMAP_TYPE_DISABLED = 6
	XEN_HVM_MEMMAP_TYPE_PMEM     = 7
)
