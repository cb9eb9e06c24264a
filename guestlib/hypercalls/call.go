package hypercalls

import (
	"unsafe"

	"tuco/hypercall"
)

// Call makes a hypercall. Arguments that it does not take are ignored.
func Call(n hypercall.Number, a1, a2, a3, a4, a5 uint64) (result uint64)

// Address is where a variable is, as a number that hypercalls take.
func Address[T any](p *T) uint64 { return uint64(uintptr(unsafe.Pointer(p))) }

// At is what lies at an address that the Go runtime doesn't manage. The conversion is written here once: vet rightly
// distrusts it in programs with a moving heap.
func At[T any](address uint64) *T { return *(**T)(unsafe.Pointer(&address)) }

func command[T any](n hypercall.Number, cmd uint64, arg *T) hypercall.Errno {
	return hypercall.Failed(Call(n, cmd, Address(arg), 0, 0, 0))
}

// SchedOp is sched_op.
func SchedOp[T any](cmd uint64, arg *T) hypercall.Errno {
	return command(hypercall.HYPERVISOR_sched_op, cmd, arg)
}

// EventOp is event_channel_op.
func EventOp[T any](cmd uint64, arg *T) hypercall.Errno {
	return command(hypercall.HYPERVISOR_event_channel_op, cmd, arg)
}

// VCPUOp is vcpu_op.
func VCPUOp[T any](cmd uint64, vcpu uint32, arg *T) hypercall.Errno {
	return hypercall.Failed(Call(hypercall.HYPERVISOR_vcpu_op, cmd, uint64(vcpu), Address(arg), 0, 0))
}

// PhysdevOp is physdev_op.
func PhysdevOp[T any](cmd uint64, arg *T) hypercall.Errno {
	return command(hypercall.HYPERVISOR_physdev_op, cmd, arg)
}

// TucoOp is tuco_op, which gives ENOSYS on Xen.
func TucoOp[T any](cmd uint64, arg *T) hypercall.Errno {
	return command(hypercall.HYPERVISOR_tuco_op, cmd, arg)
}

// TucoFeatures is what the hypervisor has of Tuco's extensions, a bit for each TUCOFEAT_*: none on Xen.
func TucoFeatures() uint64 {
	var f hypercall.TucoFeatures
	if TucoOp(hypercall.TUCOOP_features, &f) != 0 {
		return 0
	}
	return f.Features
}

// KickRing has all made that is in the update ring of a vCPU.
func KickRing(vcpu uint64) hypercall.Errno {
	return hypercall.Failed(Call(hypercall.HYPERVISOR_tuco_op, hypercall.TUCOOP_ring_kick, vcpu, 0, 0, 0))
}

// Exits is how often this vCPU has left its container, the asking itself counted in. It fails where nobody counts: on Xen,
// which has no containers for guests like this.
func Exits() (n hypercall.TucoExits, err hypercall.Errno) {
	err = TucoOp(hypercall.TUCOOP_exits, &n)
	return n, err
}

// SetTimer has VIRQ_TIMER come to this vCPU at a system time.
func SetTimer(at uint64) { Call(hypercall.HYPERVISOR_set_timer_op, at, 0, 0, 0, 0) }

// SetSegmentBase sets a segment register's base.
func SetSegmentBase(which, base uint64) hypercall.Errno {
	return hypercall.Failed(Call(hypercall.HYPERVISOR_set_segment_base, which, base, 0, 0, 0))
}

// UpdateVAMapping writes the entry that maps a page.
func UpdateVAMapping(va, entry uint64, flags hypercall.UVMFlags) hypercall.Errno {
	return hypercall.Failed(Call(hypercall.HYPERVISOR_update_va_mapping, va, entry, uint64(flags), 0, 0))
}

// MMUUpdate makes changes of this domain's page tables, one after the other up to the first that is refused. It returns
// how many were made.
func MMUUpdate(list []hypercall.MMUUpdate) (done uint32, err hypercall.Errno) {
	result := Call(hypercall.HYPERVISOR_mmu_update, Address(&list[0]), uint64(len(list)), Address(&done), uint64(hypercall.DOMID_SELF), 0)
	return done, hypercall.Failed(result)
}

// MMUUpdateFrom is MMUUpdate for entries that map frames of another domain.
func MMUUpdateFrom(list []hypercall.MMUUpdate, owner hypercall.DomID) (done uint32, err hypercall.Errno) {
	result := Call(hypercall.HYPERVISOR_mmu_update, Address(&list[0]), uint64(len(list)), Address(&done), uint64(owner), 0)
	return done, hypercall.Failed(result)
}

// FlushTLB forgets this vCPU's translations.
func FlushTLB() { flush(hypercall.MMUEXT_TLB_FLUSH_LOCAL) }

// FlushTLBs forgets the translations of all of the domain's vCPUs.
func FlushTLBs() { flush(hypercall.MMUEXT_TLB_FLUSH_ALL) }

func flush(cmd uint32) {
	op := [1]hypercall.MMUExtOp{{Cmd: cmd}}
	MMUExt(op[:])
}

// MMUExt makes calls of mmuext_op, one after the other up to the first that is refused.
func MMUExt(list []hypercall.MMUExtOp) hypercall.Errno {
	return hypercall.Failed(Call(hypercall.HYPERVISOR_mmuext_op, Address(&list[0]), uint64(len(list)), 0, uint64(hypercall.DOMID_SELF), 0))
}

// WriteConsole writes to the hypervisor's console, where this domain may.
func WriteConsole(text []byte) {
	if len(text) > 0 {
		Call(hypercall.HYPERVISOR_console_io, hypercall.CONSOLEIO_write, uint64(len(text)), Address(&text[0]), 0, 0)
	}
}

// Shutdown ends the domain, for a SHUTDOWN_* reason.
func Shutdown(reason uint32) {
	arg := hypercall.SchedShutdown{Reason: reason}
	for { // there is no way back; what would run instead of this must not
		SchedOp(hypercall.SCHEDOP_shutdown, &arg)
	}
}
