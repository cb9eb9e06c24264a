package hypercall

// The commands of vm_assist. Public header xen.h.
const (
	VMASST_CMD_enable  = 0
	VMASST_CMD_disable = 1
)

// What vm_assist turns on and off.
const (
	VMASST_TYPE_4gb_segments         = 0  // 32-bit guests
	VMASST_TYPE_4gb_segments_notify  = 1  // 32-bit guests
	VMASST_TYPE_writable_pagetables  = 2  // a write to an L1 entry that faults is checked and done
	VMASST_TYPE_pae_extended_cr3     = 3  // 32-bit guests
	VMASST_TYPE_architectural_iopl   = 4  // I/O privilege lives in RFLAGS, and a kernel is level 0
	VMASST_TYPE_runstate_update_flag = 5  // XEN_RUNSTATE_UPDATE marks a changing VCPURunstateInfo
	VMASST_TYPE_m2p_strict           = 32 // user mode never sees the machine-to-physical table
)
