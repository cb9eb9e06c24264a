package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/pv"
)

// PV is the hypercalls of paravirtual domains by number.
var PV = [domain.Calls]domain.Handler{
	hypercall.HYPERVISOR_set_trap_table:                setTrapTable,
	hypercall.HYPERVISOR_mmu_update:                    mmuUpdate,
	hypercall.HYPERVISOR_set_gdt:                       setGDT,
	hypercall.HYPERVISOR_stack_switch:                  stackSwitch,
	hypercall.HYPERVISOR_set_callbacks:                 setCallbacks,
	hypercall.HYPERVISOR_fpu_taskswitch:                fpuTaskswitch,
	hypercall.HYPERVISOR_set_debugreg:                  setDebugreg,
	hypercall.HYPERVISOR_get_debugreg:                  getDebugreg,
	hypercall.HYPERVISOR_update_descriptor:             updateDescriptor,
	hypercall.HYPERVISOR_memory_op:                     memoryOp,
	hypercall.HYPERVISOR_multicall:                     multicall,
	hypercall.HYPERVISOR_update_va_mapping:             updateVAMapping,
	hypercall.HYPERVISOR_xen_version:                   xenVersion,
	hypercall.HYPERVISOR_console_io:                    consoleIO,
	hypercall.HYPERVISOR_vm_assist:                     vmAssist,
	hypercall.HYPERVISOR_update_va_mapping_otherdomain: updateVAMappingOtherdomain,
	hypercall.HYPERVISOR_iret:                          pv.IRET,
	hypercall.HYPERVISOR_set_segment_base:              setSegmentBase,
	hypercall.HYPERVISOR_mmuext_op:                     mmuextOp,
	hypercall.HYPERVISOR_sched_op:                      schedOp,
	hypercall.HYPERVISOR_callback_op:                   callbackOp,
	hypercall.HYPERVISOR_set_timer_op:                  setTimerOp,
	hypercall.HYPERVISOR_platform_op:                   platformOp,
	hypercall.HYPERVISOR_physdev_op:                    physdevOp,
	hypercall.HYPERVISOR_grant_table_op:                grantTableOp,
	hypercall.HYPERVISOR_mca:                           mca,
	hypercall.HYPERVISOR_vcpu_op:                       vcpuOp,
	hypercall.HYPERVISOR_nmi_op:                        nmiOp,
	hypercall.HYPERVISOR_event_channel_op:              eventChannelOp,
	hypercall.HYPERVISOR_control_op:                    controlOp,
	hypercall.HYPERVISOR_tuco_op:                       tucoOp,
}
