package hypercall

// CPUUserRegs is struct cpu_user_regs: a vCPU's registers. Public header
// arch-x86/xen-x86_64.h.
type CPUUserRegs struct {
	R15, R14, R13, R12, RBP, RBX uint64
	R11, R10, R9, R8             uint64
	RAX, RCX, RDX, RSI, RDI      uint64
	ErrorCode, EntryVector       uint32 // the hypervisor's own
	RIP                          uint64
	CS                           uint16
	_                            uint16
	SavedUpcallMask              uint8 // the opposite of RFLAGS.IF
	_                            [3]byte
	RFLAGS                       uint64
	RSP                          uint64
	SS                           uint16
	_                            [3]uint16
	ES                           uint16
	_                            [3]uint16
	DS                           uint16
	_                            [3]uint16
	FS                           uint16
	_                            [3]uint16
	GS                           uint16
	_                            [3]uint16
}

// VCPUGuestContext is struct vcpu_guest_context: all of a paravirtual vCPU's
// state, given to VCPUOP_initialise. Public header arch-x86/xen.h. It has more
// than 5 KB: copy parts of it, not the whole, on a kernel's stack.
type VCPUGuestContext struct {
	FPUCtxt             [512]byte // in FXSAVE's format; holds with VGCF_I387_VALID
	Flags               uint64    // VGCF_*
	UserRegs            CPUUserRegs
	TrapCtxt            [256]TrapInfo
	LDTBase, LDTEnts    uint64     // linear address, entries
	GDTFrames           [16]uint64 // machine frames
	GDTEnts             uint64
	KernelSS, KernelSP  uint64    // the stack for entries from user mode
	Ctrlreg             [8]uint64 // CR0 to CR7; CR3 is a CR3 value, CR1 the same for user mode
	Debugreg            [8]uint64
	EventCallbackEIP    uint64
	FailsafeCallbackEIP uint64
	SyscallCallbackEIP  uint64
	VMAssist            uint64 // a bit for each VMASST_TYPE_*
	FSBase              uint64
	GSBaseKernel        uint64
	GSBaseUser          uint64
}

// The bits of VCPUGuestContext.Flags.
const (
	VGCF_I387_VALID               = 1 << 0 // FPUCtxt holds
	VGCF_IN_KERNEL                = 1 << 2 // the vCPU is in kernel mode
	VGCF_i387_valid               = 1 << 0
	VGCF_in_kernel                = 1 << 2
	VGCF_failsafe_disables_events = 1 << 3 // the failsafe callback starts with events masked
	VGCF_syscall_disables_events  = 1 << 4 // and so does that for SYSCALL
	VGCF_online                   = 1 << 5 // the vCPU runs
)

// IretContext is struct iret_context: what the hypercall iret finds at the
// guest's RSP. Public header arch-x86/xen-x86_64.h.
type IretContext struct {
	RAX, R11, RCX uint64
	Flags         uint64 // VGCF_in_syscall or 0
	RIP, CS       uint64
	RFLAGS        uint64
	RSP, SS       uint64
}

// VGCF_in_syscall in IretContext.Flags: return as SYSRET does. RCX, R11, CS
// and SS of the frame don't count.
const (
	VGCF_in_syscall = 1 << 8
	VGCF_IN_SYSCALL = VGCF_in_syscall
)
