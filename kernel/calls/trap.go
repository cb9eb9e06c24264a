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

// stackSwitch is stack_switch.
func stackSwitch(v *domain.VCPU, a *hypercall.Args) int64 {
	s := a.StackSwitch()
	v.PV.KernelSS, v.PV.KernelSP = uint16(s.SS)|3, s.SP
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
	return 0
}

// callbacks says which callback each CALLBACKTYPE_* is, plus one.
var callbacks = [...]uint8{
	hypercall.CALLBACKTYPE_event:     domain.CallbackEvent + 1,
	hypercall.CALLBACKTYPE_failsafe:  domain.CallbackFailsafe + 1,
	hypercall.CALLBACKTYPE_syscall:   domain.CallbackSyscall + 1,
	hypercall.CALLBACKTYPE_nmi:       domain.CallbackNMI + 1,
	hypercall.CALLBACKTYPE_sysenter:  domain.CallbackSysenter + 1,
	hypercall.CALLBACKTYPE_syscall32: domain.CallbackSyscall32 + 1,
}

// callbackOp is callback_op.
//
// EFAULT. ENOSYS: no such command, or no such type. EINVAL: an address that is
// not canonical; unregister: a type that can't be.
func callbackOp(v *domain.VCPU, a *hypercall.Args) int64 {
	c := a.CallbackOp()
	switch c.Cmd {
	case hypercall.CALLBACKOP_register:
		var r hypercall.CallbackRegister
		if !get(v, &r, c.Arg) {
			return fail(hypercall.EFAULT)
		}
		which, ok := callbackOf(r.Type)
		if !ok {
			return fail(hypercall.ENOSYS)
		}
		if !frame.VAddr(r.Address).Canonical() {
			return fail(hypercall.EINVAL)
		}
		masks := r.Flags&hypercall.CALLBACKF_mask_events != 0
		v.PV.Callbacks[which] = domain.Callback{Address: r.Address, Masks: masks}
		return 0
	case hypercall.CALLBACKOP_unregister:
		var r hypercall.CallbackUnregister
		if !get(v, &r, c.Arg) {
			return fail(hypercall.EFAULT)
		}
		which, ok := callbackOf(r.Type)
		if !ok {
			return fail(hypercall.ENOSYS)
		}
		switch which {
		case domain.CallbackEvent, domain.CallbackFailsafe, domain.CallbackSyscall:
			return fail(hypercall.EINVAL)
		}
		v.PV.Callbacks[which] = domain.Callback{}
		return 0
	}
	return fail(hypercall.ENOSYS)
}

func callbackOf(kind uint16) (which uint8, ok bool) {
	if int(kind) >= len(callbacks) || callbacks[kind] == 0 {
		return 0, false
	}
	return callbacks[kind] - 1, true
}
