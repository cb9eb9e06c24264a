package main

import (
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/probe"
	"tuco/guestlib/sched"
	"tuco/hypercall"
)

// What hypercalls point at may not move, as what is on a goroutine's stack does.
var (
	list        [512]hypercall.MulticallEntry
	reservation = hypercall.XenMemoryDomain{DomID: hypercall.DOMID_SELF}
)

// calls is hypercalls that change nothing.
func calls() ([]row, error) {
	const nothing, nulls = hypercall.Number(60), 32
	for i := range nulls {
		list[i] = hypercall.MulticallEntry{Op: hypercall.HYPERVISOR_xen_version}
	}
	missing := newCall(nothing)
	timer := called("set_timer_op(0)", 1, nil, hypercall.HYPERVISOR_set_timer_op)
	timer.after = sched.Rearm // the library's
	return []row{
		called("null: xen_version(XENVER_version)", 1, nil, hypercall.HYPERVISOR_xen_version, hypercall.XENVER_version),
		{op: "bad hypercall nr 60 (ENOSYS)", n: 1, measure: func() probe.Reading {
			reading := probe.Time(missing)
			if hypercall.Failed(reading.Result) != hypercall.ENOSYS {
				check(hypercall.EINVAL)
			}
			return reading
		}},
		called("sched_op yield", 1, nil, hypercall.HYPERVISOR_sched_op, hypercall.SCHEDOP_yield),
		timer,
		called("vcpu_op is_up", 1, nil, hypercall.HYPERVISOR_vcpu_op, hypercall.VCPUOP_is_up, 0),
		called("stack_switch", 1, nil, hypercall.HYPERVISOR_stack_switch, hypercall.FLAT_KERNEL_SS),
		called("fpu_taskswitch", 1, nil, hypercall.HYPERVISOR_fpu_taskswitch),
		called("set_debugreg(7)", 1, nil, hypercall.HYPERVISOR_set_debugreg, 7),
		probed("set_segment_base FS", 1, nil, probe.SameFS),
		called("vm_assist", 1, nil, hypercall.HYPERVISOR_vm_assist, hypercall.VMASST_CMD_enable, hypercall.VMASST_TYPE_writable_pagetables),
		called("memory_op current_reservation", 1, nil, hypercall.HYPERVISOR_memory_op, hypercall.XENMEM_current_reservation, hypercalls.Address(&reservation)),
		called("memory_op maximum_ram_page", 1, nil, hypercall.HYPERVISOR_memory_op, hypercall.XENMEM_maximum_ram_page),
		multicall("multicall 32x null xen_version", nulls, nil),
	}, nil
}

// multicall is a row of the first calls in list.
func multicall(op string, n int, before func()) row {
	return called(op, n, before, hypercall.HYPERVISOR_multicall, hypercalls.Address(&list[0]), uint64(n))
}
