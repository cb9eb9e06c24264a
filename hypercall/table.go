package hypercall

// Table has a row for each number that the public ABI gives to a call, and for Tuco's own two; Lookup
// finds it. It is not to be changed. The rows stand in the files beside this
// one.
//
// All calls that can check an argument fail with EFAULT where a guest's pointer
// can't be read or written, and with ENOSYS for a command that they don't have;
// the rows name these errors only where more is to be said.
var Table = [...]*Call{
	HYPERVISOR_set_trap_table:                &setTrapTable,
	HYPERVISOR_mmu_update:                    &mmuUpdate,
	HYPERVISOR_set_gdt:                       &setGDT,
	HYPERVISOR_stack_switch:                  &stackSwitch,
	HYPERVISOR_set_callbacks:                 &setCallbacks,
	HYPERVISOR_fpu_taskswitch:                &fpuTaskswitch,
	HYPERVISOR_sched_op_compat:               &schedOpCompat,
	HYPERVISOR_platform_op:                   &platformOp,
	HYPERVISOR_set_debugreg:                  &setDebugreg,
	HYPERVISOR_get_debugreg:                  &getDebugreg,
	HYPERVISOR_update_descriptor:             &updateDescriptor,
	HYPERVISOR_memory_op:                     &memoryOp,
	HYPERVISOR_multicall:                     &multicall,
	HYPERVISOR_update_va_mapping:             &updateVAMapping,
	HYPERVISOR_set_timer_op:                  &setTimerOp,
	HYPERVISOR_event_channel_op_compat:       &eventChannelOpCompat,
	HYPERVISOR_xen_version:                   &xenVersion,
	HYPERVISOR_console_io:                    &consoleIO,
	HYPERVISOR_physdev_op_compat:             &physdevOpCompat,
	HYPERVISOR_grant_table_op:                &grantTableOp,
	HYPERVISOR_vm_assist:                     &vmAssist,
	HYPERVISOR_update_va_mapping_otherdomain: &updateVAMappingOtherdomain,
	HYPERVISOR_iret:                          &iret,
	HYPERVISOR_vcpu_op:                       &vcpuOp,
	HYPERVISOR_set_segment_base:              &setSegmentBase,
	HYPERVISOR_mmuext_op:                     &mmuextOp,
	HYPERVISOR_xsm_op:                        &xsmOp,
	HYPERVISOR_nmi_op:                        &nmiOp,
	HYPERVISOR_sched_op:                      &schedOp,
	HYPERVISOR_callback_op:                   &callbackOp,
	HYPERVISOR_xenoprof_op:                   &xenoprofOp,
	HYPERVISOR_event_channel_op:              &eventChannelOp,
	HYPERVISOR_physdev_op:                    &physdevOp,
	HYPERVISOR_hvm_op:                        &hvmOp,
	HYPERVISOR_sysctl:                        &sysctl,
	HYPERVISOR_domctl:                        &domctl,
	HYPERVISOR_kexec_op:                      &kexecOp,
	HYPERVISOR_tmem_op:                       &tmemOp,
	HYPERVISOR_argo_op:                       &argoOp,
	HYPERVISOR_xenpmu_op:                     &xenpmuOp,
	HYPERVISOR_dm_op:                         &dmOp,
	HYPERVISOR_hypfs_op:                      &hypfsOp,
	HYPERVISOR_mca:                           &mca,
	HYPERVISOR_control_op:                    &controlOp,
	HYPERVISOR_tuco_op:                       &tucoOp,
}
