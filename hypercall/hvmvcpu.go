package hypercall

// VCPUHVMContext is struct vcpu_hvm_context: the state in which a vCPU of a PVH
// domain starts, given to VCPUOP_initialise. Public header hvm/hvm_vcpu.h.
// Regs are the words of a VCPUHVMX8632 or of a VCPUHVMX8664.
type VCPUHVMContext struct {
	Mode uint32 // VCPU_HVM_MODE_*
	Pad  uint32
	Regs [15]uint64 `abi:"cpu_regs"`
}

// How the vCPU starts.
const (
	VCPU_HVM_MODE_32B = 0 // VCPUHVMX8632
	VCPU_HVM_MODE_64B = 1 // VCPUHVMX8664: in long mode, with flat segments
)

// VCPUHVMX8632 is struct vcpu_hvm_x86_32. An _ar field has the descriptor's
// type in bits 3:0, S in 4, DPL in 6:5, P in 7, AVL in 8, L in 9, D/B in 10 and
// G in 11.
type VCPUHVMX8632 struct {
	EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI      uint32
	EIP, EFLAGS                                 uint32
	CR0, CR3, CR4                               uint32
	Pad1                                        uint32
	EFER                                        uint64
	CSBase, DSBase, SSBase, ESBase, TRBase      uint32
	CSLimit, DSLimit, SSLimit, ESLimit, TRLimit uint32
	CSAr, DSAr, SSAr, ESAr, TRAr                uint16
	Pad2                                        [3]uint16
}

// VCPUHVMX8664 is struct vcpu_hvm_x86_64.
type VCPUHVMX8664 struct {
	RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI uint64
	RIP, RFLAGS                            uint64
	CR0, CR3, CR4, EFER                    uint64
}
