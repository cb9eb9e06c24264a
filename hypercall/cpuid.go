package hypercall

// The CPUID leaves of the hypervisor. Public header arch-x86/cpuid.h.
//
//	leaf  EAX                   EBX          ECX           EDX
//	+0    the last leaf         signature
//	+1    version, as xen_version says
//	+2    hypercall pages       base of MSRs features 1    features 2
//	+3    the time, in three sub-leaves
//	+4    HVM: features         vCPU         domain
//	+5    PV: last sub-leaf     width of machine addresses
const (
	XEN_CPUID_FIRST_LEAF     = 0x4000_0000
	XEN_CPUID_MAX_NUM_LEAVES = 5

	XEN_CPUID_SIGNATURE_EBX = 0x566e_6558 // "XenV"
	XEN_CPUID_SIGNATURE_ECX = 0x6558_4d4d // "MMXe"
	XEN_CPUID_SIGNATURE_EDX = 0x4d4d_566e // "nVMM"

	XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD = 1 << 0 // leaf 2, ECX

	XEN_CPUID_MACHINE_ADDRESS_WIDTH_MASK = 0xff // leaf 5, EBX
)

// Leaf 4, EAX: what a PVH guest may count on.
const (
	XEN_HVM_CPUID_APIC_ACCESS_VIRT = 1 << 0 // the processor virtualizes the local APIC's registers
	XEN_HVM_CPUID_X2APIC_VIRT      = 1 << 1 // and those of the x2APIC
	XEN_HVM_CPUID_IOMMU_MAPPINGS   = 1 << 2 // devices reach mapped grants
	XEN_HVM_CPUID_VCPU_ID_PRESENT  = 1 << 3 // EBX is the vCPU's number
	XEN_HVM_CPUID_DOMID_PRESENT    = 1 << 4 // ECX is the domain's
	XEN_HVM_CPUID_EXT_DEST_ID      = 1 << 5 // 15 bits for a destination without interrupt remapping
	XEN_HVM_CPUID_UPCALL_VECTOR    = 1 << 6 // upcalls by vector go with physical interrupts
)
