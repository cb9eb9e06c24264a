package main

import (
	"tuco/guestlib/hypercalls"
	"tuco/hypercall"
)

// call is a row of a hypercall that has to succeed.
func call(op string, n hypercall.Number, a1, a2, a3 uint64) row {
	return row{op: op, n: 1, work: func() { check(hypercall.Failed(hypercalls.Call(n, a1, a2, a3, 0, 0))) }}
}

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
	return []row{
		call("null: xen_version(XENVER_version)", hypercall.HYPERVISOR_xen_version, 0, 0, 0),
		{op: "bad hypercall nr 60 (ENOSYS)", n: 1, work: func() { hypercalls.Call(nothing, 0, 0, 0, 0, 0) }},
		call("sched_op yield", hypercall.HYPERVISOR_sched_op, hypercall.SCHEDOP_yield, 0, 0),
		call("vcpu_op is_up", hypercall.HYPERVISOR_vcpu_op, hypercall.VCPUOP_is_up, 0, 0),
		call("stack_switch", hypercall.HYPERVISOR_stack_switch, hypercall.FLAT_KERNEL_SS, 0, 0),
		call("fpu_taskswitch", hypercall.HYPERVISOR_fpu_taskswitch, 0, 0, 0),
		call("memory_op current_reservation", hypercall.HYPERVISOR_memory_op, hypercall.XENMEM_current_reservation, hypercalls.Address(&reservation), 0),
		call("memory_op maximum_ram_page", hypercall.HYPERVISOR_memory_op, hypercall.XENMEM_maximum_ram_page, 0, 0),
		multicall("multicall 32x null xen_version", nulls),
	}, nil
}

// multicall is a row of the first calls in list.
func multicall(op string, n int) row {
	return row{op: op, n: n, work: func() {
		check(hypercall.Failed(hypercalls.Call(hypercall.HYPERVISOR_multicall, hypercalls.Address(&list[0]), uint64(n), 0, 0, 0)))
	}}
}
