package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/pv"
)

// callbackOp is callback_op.
//
// EFAULT. ENOSYS: no such command.
func callbackOp(v *domain.VCPU, a *hypercall.Args) int64 {
	c := a.CallbackOp()
	switch c.Cmd {
	case hypercall.CALLBACKOP_register:
		var r hypercall.CallbackRegister
		if !get(v, &r, c.Arg) {
			return fail(hypercall.EFAULT)
		}
		return fail(registerCallback(v, &r))
	case hypercall.CALLBACKOP_unregister:
		var r hypercall.CallbackUnregister
		if !get(v, &r, c.Arg) {
			return fail(hypercall.EFAULT)
		}
		return fail(unregisterCallback(v, r.Type))
	}
	return fail(hypercall.ENOSYS)
}

// callbacks says which callback each CALLBACKTYPE_* is, plus one. NMIs have no
// callback of their own: see pv.SetNMIHandler.
var callbacks = [...]uint8{
	hypercall.CALLBACKTYPE_event:     domain.CallbackEvent + 1,
	hypercall.CALLBACKTYPE_failsafe:  domain.CallbackFailsafe + 1,
	hypercall.CALLBACKTYPE_syscall:   domain.CallbackSyscall + 1,
	hypercall.CALLBACKTYPE_sysenter:  domain.CallbackSysenter + 1,
	hypercall.CALLBACKTYPE_syscall32: domain.CallbackSyscall32 + 1,
}

func callbackOf(kind uint16) (which uint8, ok bool) {
	if int(kind) >= len(callbacks) || callbacks[kind] == 0 {
		return 0, false
	}
	return callbacks[kind] - 1, true
}

// registerCallback is CALLBACKOP_register.
//
// EINVAL: the address is not canonical. ENOSYS: no such type.
func registerCallback(v *domain.VCPU, r *hypercall.CallbackRegister) hypercall.Errno {
	if !frame.VAddr(r.Address).Canonical() {
		return hypercall.EINVAL
	}
	if r.Type == hypercall.CALLBACKTYPE_nmi {
		pv.SetNMIHandler(v, r.Address)
		return 0
	}
	which, ok := callbackOf(r.Type)
	if !ok {
		return hypercall.ENOSYS
	}
	masks := r.Flags&hypercall.CALLBACKF_mask_events != 0
	v.PV.Callbacks[which] = domain.Callback{Address: r.Address, Masks: masks}
	v.Want(domain.WantStub)
	return 0
}

// unregisterCallback is CALLBACKOP_unregister, which is for NMIs only.
//
// EINVAL: another type. ENOSYS: no such type.
func unregisterCallback(v *domain.VCPU, kind uint16) hypercall.Errno {
	if kind == hypercall.CALLBACKTYPE_nmi {
		pv.SetNMIHandler(v, 0)
		return 0
	}
	if _, ok := callbackOf(kind); !ok {
		return hypercall.ENOSYS
	}
	return hypercall.EINVAL
}

// nmiOp is nmi_op.
//
// EFAULT. EINVAL: the address is not canonical. ENOSYS: no such command.
func nmiOp(v *domain.VCPU, a *hypercall.Args) int64 {
	c := a.NMIOp()
	switch c.Cmd {
	case hypercall.XENNMI_register_callback:
		var r hypercall.XenNMICallback
		if !get(v, &r, c.Arg) {
			return fail(hypercall.EFAULT)
		}
		if !frame.VAddr(r.HandlerAddress).Canonical() {
			return fail(hypercall.EINVAL)
		}
		pv.SetNMIHandler(v, r.HandlerAddress)
		return 0
	case hypercall.XENNMI_unregister_callback:
		pv.SetNMIHandler(v, 0)
		return 0
	}
	return fail(hypercall.ENOSYS)
}
