package hypercall

// Number says which hypercall is meant. It is wide enough for whatever a guest
// has in the register: Lookup knows what is a call.
type Number uint64

// The hypercalls. Public header xen.h, "List of hypercalls"; the machine check
// call's name is in arch-x86/xen-mca.h. control_op and tuco_op are Tuco's own: see
// control.go and tuco.go.
const (
	HYPERVISOR_set_trap_table                Number = 0
	HYPERVISOR_mmu_update                    Number = 1
	HYPERVISOR_set_gdt                       Number = 2
	HYPERVISOR_stack_switch                  Number = 3
	HYPERVISOR_set_callbacks                 Number = 4
	HYPERVISOR_fpu_taskswitch                Number = 5
	HYPERVISOR_sched_op_compat               Number = 6
	HYPERVISOR_platform_op                   Number = 7
	HYPERVISOR_set_debugreg                  Number = 8
	HYPERVISOR_get_debugreg                  Number = 9
	HYPERVISOR_update_descriptor             Number = 10
	HYPERVISOR_memory_op                     Number = 12
	HYPERVISOR_multicall                     Number = 13
	HYPERVISOR_update_va_mapping             Number = 14
	HYPERVISOR_set_timer_op                  Number = 15
	HYPERVISOR_event_channel_op_compat       Number = 16
	HYPERVISOR_xen_version                   Number = 17
	HYPERVISOR_console_io                    Number = 18
	HYPERVISOR_physdev_op_compat             Number = 19
	HYPERVISOR_grant_table_op                Number = 20
	HYPERVISOR_vm_assist                     Number = 21
	HYPERVISOR_update_va_mapping_otherdomain Number = 22
	HYPERVISOR_iret                          Number = 23
	HYPERVISOR_vcpu_op                       Number = 24
	HYPERVISOR_set_segment_base              Number = 25
	HYPERVISOR_mmuext_op                     Number = 26
	HYPERVISOR_xsm_op                        Number = 27
	HYPERVISOR_nmi_op                        Number = 28
	HYPERVISOR_sched_op                      Number = 29
	HYPERVISOR_callback_op                   Number = 30
	HYPERVISOR_xenoprof_op                   Number = 31
	HYPERVISOR_event_channel_op              Number = 32
	HYPERVISOR_physdev_op                    Number = 33
	HYPERVISOR_hvm_op                        Number = 34
	HYPERVISOR_sysctl                        Number = 35
	HYPERVISOR_domctl                        Number = 36
	HYPERVISOR_kexec_op                      Number = 37
	HYPERVISOR_tmem_op                       Number = 38
	HYPERVISOR_argo_op                       Number = 39
	HYPERVISOR_xenpmu_op                     Number = 40
	HYPERVISOR_dm_op                         Number = 41
	HYPERVISOR_hypfs_op                      Number = 42
	HYPERVISOR_mca                           Number = 48
	HYPERVISOR_control_op                    Number = 54
	HYPERVISOR_tuco_op                       Number = 55
)

// EntrySize is the distance, in bytes, of two calls' entries in the hypercall
// page. Public header arch-x86/xen-x86_64.h.
const EntrySize = 32
