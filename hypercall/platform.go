package hypercall

// XENPF_INTERFACE_VERSION is what XenPlatformOp.InterfaceVersion has to be.
// Public header platform.h.
const XENPF_INTERFACE_VERSION = 0x0300_0001

// XenPlatformOp is struct xen_platform_op: the argument of platform_op. U is
// the structure that belongs to Cmd.
type XenPlatformOp struct {
	Cmd              uint32 // XENPF_*
	InterfaceVersion uint32
	U                [128]byte
}

// The commands of platform_op that a domain 0 asks for.
const (
	XENPF_settime32            = 17 // XenPFSettime32
	XENPF_add_memtype          = 31
	XENPF_del_memtype          = 32
	XENPF_read_memtype         = 33
	XENPF_microcode_update     = 35
	XENPF_platform_quirk       = 39
	XENPF_get_cpu_version      = 48
	XENPF_efi_runtime_call     = 49
	XENPF_firmware_info        = 50 // XenPFFirmwareInfo
	XENPF_enter_acpi_sleep     = 51 // XenPFEnterACPISleep
	XENPF_change_freq          = 52
	XENPF_getidletime          = 53
	XENPF_set_processor_pminfo = 54
	XENPF_get_cpuinfo          = 55 // XenPFPcpuinfo
	XENPF_cpu_online           = 56
	XENPF_cpu_offline          = 57
	XENPF_cpu_hotadd           = 58
	XENPF_mem_hotadd           = 59
	XENPF_core_parking         = 60
	XENPF_resource_op          = 61
	XENPF_settime64            = 62 // XenPFSettime64
	XENPF_get_symbol           = 63
)

// XenPFSettime32 is struct xenpf_settime32: what the wall clock showed at a
// system time.
type XenPFSettime32 struct {
	Secs       uint32 // since 1970
	Nsecs      uint32
	SystemTime uint64 // nanoseconds
}

// XenPFSettime64 is struct xenpf_settime64.
type XenPFSettime64 struct {
	Secs       uint64 // since 1970
	Nsecs      uint32
	MBZ        uint32 // 0
	SystemTime uint64 // nanoseconds
}

// XenPFEnterACPISleep is struct xenpf_enter_acpi_sleep: domain 0 has prepared a
// sleep state.
type XenPFEnterACPISleep struct {
	ValA, ValB uint16 // for the two power management control registers
	SleepState uint32 // 3 or 5
	Flags      uint32 // XENPF_ACPI_SLEEP_EXTENDED
}

// XENPF_ACPI_SLEEP_EXTENDED: the values are for the sleep control register of
// hardware-reduced ACPI.
const XENPF_ACPI_SLEEP_EXTENDED = 1

// XenPFPcpuinfo is struct xenpf_pcpuinfo: a pCPU.
type XenPFPcpuinfo struct {
	XenCPUID   uint32 // its number
	MaxPresent uint32 // [tuco] the highest number there is
	Flags      uint32 // [tuco] XEN_PCPU_FLAGS_*
	ApicID     uint32 // [tuco]
	ACPIID     uint32 `abi:"acpi_id"` // [tuco]
}

// What a pCPU is.
const (
	XEN_PCPU_FLAGS_ONLINE  = 1
	XEN_PCPU_FLAGS_INVALID = 2 // there is none of that number
)

// XenPFFirmwareInfo is struct xenpf_firmware_info: what firmware said before
// the hypervisor started. U is a structure for each type.
type XenPFFirmwareInfo struct {
	Type  uint32 // XEN_FW_*
	Index uint32
	U     [4]uint64 // [tuco]
}

// What firmware said.
const (
	XEN_FW_DISK_INFO          = 1
	XEN_FW_DISK_MBR_SIGNATURE = 2
	XEN_FW_VBEDDC_INFO        = 3
	XEN_FW_EFI_INFO           = 4
	XEN_FW_KBD_SHIFT_FLAGS    = 5
)
