package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
)

// setTrapTable is set_trap_table: entries of the vCPU's interrupt descriptor
// table, up to one with address 0; a null pointer clears the table.
//
// EFAULT: the list can't be read. EINVAL: an address is not canonical; the entries
// before it are set.
func setTrapTable(v *domain.VCPU, a *hypercall.Args) int64 {
	at := a.SetTrapTable()
	v.Want(domain.WantStub)
	if at == 0 {
		clear(v.PV.Traps[:])
		return 0
	}
	// A table of more than 256 entries sets some of them twice, and says so.
	for n := range uint64(len(v.PV.Traps)) + 1 {
		var t hypercall.TrapInfo
		if !get(v, &t, hypercall.Handle[byte](at.At(n))) {
			return fail(hypercall.EFAULT)
		}
		if t.Address == 0 {
			return 0
		}
		if !frame.VAddr(t.Address).Canonical() {
			return fail(hypercall.EINVAL)
		}
		v.PV.Traps[t.Vector] = domain.Gate{Address: t.Address, CS: t.CS | 3, Flags: t.Flags}
	}
	return fail(hypercall.EINVAL)
}

// stackSwitch is stack_switch. The selector is of no use to 64-bit guests, which get a
// flat one in every frame.
func stackSwitch(v *domain.VCPU, a *hypercall.Args) int64 {
	s := a.StackSwitch()
	v.PV.Stub.SetKernelSP(s.SP)
	return 0
}

// setCallbacks is set_callbacks. EINVAL: an address is not canonical.
func setCallbacks(v *domain.VCPU, a *hypercall.Args) int64 {
	s := a.SetCallbacks()
	for _, at := range [...]uint64{s.Event, s.Failsafe, s.Syscall} {
		if !frame.VAddr(at).Canonical() {
			return fail(hypercall.EINVAL)
		}
	}
	p := &v.PV.Callbacks
	p[domain.CallbackEvent].Address = s.Event
	p[domain.CallbackFailsafe].Address = s.Failsafe
	p[domain.CallbackSyscall].Address = s.Syscall
	v.Want(domain.WantStub)
	return 0
}
