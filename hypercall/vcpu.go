package hypercall

// The commands of vcpu_op. Public header vcpu.h.
const (
	VCPUOP_initialise                     = 0  // VCPUGuestContext or VCPUHVMContext
	VCPUOP_up                             = 1  // let it run
	VCPUOP_down                           = 2  // stop it
	VCPUOP_is_up                          = 3  // 1 if it is up
	VCPUOP_get_runstate_info              = 4  // VCPURunstateInfo
	VCPUOP_register_runstate_memory_area  = 5  // VCPURegisterRunstateMemoryArea
	VCPUOP_set_periodic_timer             = 6  // VCPUSetPeriodicTimer
	VCPUOP_stop_periodic_timer            = 7  //
	VCPUOP_set_singleshot_timer           = 8  // VCPUSetSingleshotTimer
	VCPUOP_stop_singleshot_timer          = 9  //
	VCPUOP_register_vcpu_info             = 10 // VCPURegisterVCPUInfo
	VCPUOP_send_nmi                       = 11 //
	VCPUOP_get_physid                     = 12 // VCPUGetPhysid
	VCPUOP_register_vcpu_time_memory_area = 13 // VCPURegisterTimeMemoryArea
)

// VCPURunstateInfo is struct vcpu_runstate_info: how a vCPU has spent its time.
// All of it is written by [tuco]; if the guest asked for it by
// VMASST_TYPE_runstate_update_flag, XEN_RUNSTATE_UPDATE is set in
// StateEntryTime first, then the rest is written, then the flag is cleared.
type VCPURunstateInfo struct {
	State          int32 // RUNSTATE_*
	_              uint32
	StateEntryTime uint64    // system time in nanoseconds since when
	Time           [4]uint64 // nanoseconds in each state; their sum is the vCPU's age
}

// XEN_RUNSTATE_UPDATE in VCPURunstateInfo.StateEntryTime: the rest changes.
const XEN_RUNSTATE_UPDATE = 1 << 63

// The states of a vCPU.
const (
	RUNSTATE_running  = 0 // on a pCPU
	RUNSTATE_runnable = 1 // waits for a pCPU: stolen time
	RUNSTATE_blocked  = 2 // waits for an event
	RUNSTATE_offline  = 3 // neither: down or paused
)

// VCPURegisterRunstateMemoryArea is struct vcpu_register_runstate_memory_area:
// where a copy of the runstate is kept up to date.
type VCPURegisterRunstateMemoryArea struct {
	Addr Handle[VCPURunstateInfo]
}

// VCPURegisterTimeMemoryArea is struct vcpu_register_time_memory_area: where a
// second copy of the time is kept up to date.
type VCPURegisterTimeMemoryArea struct {
	Addr Handle[VCPUTimeInfo]
}

// VCPURegisterVCPUInfo is struct vcpu_register_vcpu_info: where the vCPU's
// VCPUInfo is from now on. It doesn't cross a page.
type VCPURegisterVCPUInfo struct {
	MFN    uint64
	Offset uint32
	Rsvd   uint32
}

// VCPUSetPeriodicTimer is struct vcpu_set_periodic_timer.
type VCPUSetPeriodicTimer struct{ PeriodNS uint64 }

// VCPUSetSingleshotTimer is struct vcpu_set_singleshot_timer.
type VCPUSetSingleshotTimer struct {
	TimeoutAbsNS uint64 // system time in nanoseconds
	Flags        uint32 // VCPU_SSHOTTMR_future or 0
	_            uint32
}

// VCPU_SSHOTTMR_future: a time that has passed is an error, ETIME.
const VCPU_SSHOTTMR_future = 1 << 0

// VCPUGetPhysid is struct vcpu_get_physid: APIC ID in bits 31:0, ACPI ID in
// 63:32.
type VCPUGetPhysid struct{ PhysID uint64 }
