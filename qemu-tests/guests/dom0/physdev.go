package dom0

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

func interrupts(t *pv.T) {
	for _, cmd := range [...]uint64{hypercall.PHYSDEVOP_irq_status_query, hypercall.PHYSDEVOP_set_iopl, hypercall.PHYSDEVOP_set_iobitmap, hypercall.PHYSDEVOP_alloc_irq_vector, hypercall.PHYSDEVOP_eoi} {
		t.Errno("argument nowhere", pv.PhysdevOp(cmd, pv.At[byte](nowhere)), hypercall.EFAULT)
	}
	t.Errno("no such command", pv.PhysdevOp[byte](99, nil), hypercall.ENOSYS)
	for irq := range uint32(24) {
		query := hypercall.PhysdevIRQStatusQuery{IRQ: irq}
		t.OK("irq_status_query", pv.PhysdevOp(hypercall.PHYSDEVOP_irq_status_query, &query))
		t.Equal("flags of an interrupt that is not bound", uint64(query.Flags), hypercall.XENIRQSTAT_needs_eoi)
		vector := hypercall.PhysdevIRQ{IRQ: irq}
		t.OK("alloc_irq_vector", pv.PhysdevOp(hypercall.PHYSDEVOP_alloc_irq_vector, &vector))
		t.Equal("vector", uint64(vector.Vector), uint64(irq))
		t.Errno("eoi of an interrupt that is not bound", pv.PhysdevOp(hypercall.PHYSDEVOP_eoi, &hypercall.PhysdevEOI{IRQ: irq}), hypercall.EINVAL)
	}
	for _, irq := range [...]uint32{4096, 1 << 20, ^uint32(0)} {
		query := hypercall.PhysdevIRQStatusQuery{IRQ: irq}
		t.Errno("irq_status_query of no interrupt", pv.PhysdevOp(hypercall.PHYSDEVOP_irq_status_query, &query), hypercall.EINVAL)
		t.Errno("eoi of no interrupt", pv.PhysdevOp(hypercall.PHYSDEVOP_eoi, &hypercall.PhysdevEOI{IRQ: irq}), hypercall.EINVAL)
	}
}

var mc hypercall.XenMC

func machineCheck(t *pv.T) {
	for _, cmd := range [...]uint32{0, hypercall.XEN_MC_fetch, hypercall.XEN_MC_notifydomain, 9} {
		t.Errno("command that makes no sense", mcaOp(cmd), hypercall.EINVAL)
	}
	room := [...]uint64{pv.AllocPage(), pv.AllocPage()} // side by side
	fetch := at[hypercall.XenMCFetch]()
	*fetch = hypercall.XenMCFetch{Flags: hypercall.XEN_MC_NONURGENT, Data: hypercall.Handle[byte](min(room[0], room[1]))}
	t.OK("fetch", mcaOp(hypercall.XEN_MC_fetch))
	t.Check(fetch.Flags&hypercall.XEN_MC_NODATA != 0, "there was a machine check: flags %x", uint64(fetch.Flags))
	fetch.Flags, fetch.Data = hypercall.XEN_MC_NONURGENT, 0
	t.Errno("fetch to nowhere", mcaOp(hypercall.XEN_MC_fetch), hypercall.EINVAL)
	pv.FreePage(room[0])
	pv.FreePage(room[1])
	info := at[hypercall.XenMCPhyscpuinfo]()
	*info = hypercall.XenMCPhyscpuinfo{}
	t.OK("physcpuinfo", mcaOp(hypercall.XEN_MC_physcpuinfo))
	t.Check(info.Ncpus >= 1, "there are no CPUs")
	mc.InterfaceVersion++
	t.Errno("another interface version", pv.Call(hypercall.HYPERVISOR_mca, pv.Address(&mc), 0, 0, 0, 0), hypercall.EACCES)
	t.Errno("argument nowhere", pv.Call(hypercall.HYPERVISOR_mca, nowhere, 0, 0, 0, 0), hypercall.EFAULT)
}

// at is a command's own structure in mc.
func at[T any]() *T { return pv.At[T](pv.Address(&mc.U)) }

func mcaOp(cmd uint32) uint64 {
	mc.Cmd, mc.InterfaceVersion = cmd, hypercall.XEN_MCA_INTERFACE_VERSION
	return pv.Call(hypercall.HYPERVISOR_mca, pv.Address(&mc), 0, 0, 0, 0)
}
