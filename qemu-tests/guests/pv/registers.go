package pv

// CPUIDLeaf is what CPUID tells.
type CPUIDLeaf struct{ EAX, EBX, ECX, EDX uint32 }

// CPUID is CPUID as the hypervisor has it for guests: with XEN_EMULATE_PREFIX.
func CPUID(function, index uint32) (l CPUIDLeaf)

// ReadCR4 reads CR4, which the hypervisor emulates.
func ReadCR4() uint64

// WriteCR4 writes CR4.
func WriteCR4(v uint64)

// FSBase is the base of FS that compiled code needs.
func FSBase() uint64 { return This().tls.self }
