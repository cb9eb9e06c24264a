package calls

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

func userSyscall()

func register(kind, flags uint16, address uint64) uint64 {
	arg := hypercall.CallbackRegister{Type: kind, Flags: flags, Address: address}
	return pv.CallbackOp(hypercall.CALLBACKOP_register, &arg)
}

func unregister(kind uint16) uint64 {
	arg := hypercall.CallbackUnregister{Type: kind}
	return pv.CallbackOp(hypercall.CALLBACKOP_unregister, &arg)
}

// callbacks has the callback for SYSCALL start with and without events masked.
func callbacks(t *pv.T) {
	t.OK("register", register(hypercall.CALLBACKTYPE_syscall, hypercall.CALLBACKF_mask_events, pv.Stub(pv.Syscall64)))
	trap := pv.RunUser(userSyscall)
	t.Trapped("SYSCALL", trap, pv.Syscall64, 0)
	t.Check(trap.Masked && !trap.UpcallMask, "the callback did not start with events masked, or they were before")
	t.OK("register", register(hypercall.CALLBACKTYPE_syscall, 0, pv.Stub(pv.Syscall64)))
	trap = pv.RunUser(userSyscall)
	t.Trapped("SYSCALL", trap, pv.Syscall64, 0)
	t.Check(!trap.Masked, "the callback started with events masked")
	t.OK("register nothing", register(hypercall.CALLBACKTYPE_syscall, 0, 0))
	trap = pv.RunUser(userSyscall)
	t.Trapped("SYSCALL with no callback", trap, pv.UD, 0)
	t.Equal("the instruction", uint64(*pv.At[uint16](trap.RIP)), 0x050f)
	t.OK("register", register(hypercall.CALLBACKTYPE_syscall, 0, pv.Stub(pv.Syscall64)))
}

func callbacksRefused(t *pv.T) {
	stub := pv.Stub(pv.Syscall64)
	for _, kind := range [...]uint16{
		hypercall.CALLBACKTYPE_event, hypercall.CALLBACKTYPE_failsafe, hypercall.CALLBACKTYPE_syscall,
		hypercall.CALLBACKTYPE_sysenter, hypercall.CALLBACKTYPE_syscall32, hypercall.CALLBACKTYPE_nmi,
	} {
		t.Errno("address that is not canonical", register(kind, 0, nonCanonical), hypercall.EINVAL)
		if kind == hypercall.CALLBACKTYPE_nmi {
			t.OK("unregistering", unregister(kind))
		} else {
			t.Errno("unregistering", unregister(kind), hypercall.EINVAL)
		}
	}
	t.Errno("no such type", register(99, 0, stub), hypercall.ENOSYS)
	t.Errno("no such type", unregister(99), hypercall.ENOSYS)
	t.Errno("argument nowhere", pv.CallbackOp(hypercall.CALLBACKOP_register, pv.At[byte](nowhere)), hypercall.EFAULT)
	t.Errno("argument nowhere", pv.CallbackOp(hypercall.CALLBACKOP_unregister, pv.At[byte](nowhere)), hypercall.EFAULT)
	t.Errno("no such command", pv.CallbackOp[byte](99, nil), hypercall.ENOSYS)
	pv.SetTraps()
}

func setCallbacks(t *pv.T) {
	set := func(event, failsafe, syscall uint64) uint64 {
		return pv.Call(hypercall.HYPERVISOR_set_callbacks, event, failsafe, syscall, 0, 0)
	}
	event, failsafe, syscall := pv.Stub(pv.Event), pv.Stub(pv.Failsafe), pv.Stub(pv.Syscall64)
	t.OK("as they were", set(event, failsafe, syscall))
	t.Trapped("SYSCALL", pv.RunUser(userSyscall), pv.Syscall64, 0)
	t.OK("another for SYSCALL", set(event, failsafe, pv.Stub(0x42)))
	t.Trapped("SYSCALL", pv.RunUser(userSyscall), 0x42, 0)
	for i := range 3 {
		at := [3]uint64{event, failsafe, syscall}
		at[i] = nonCanonical
		if result := set(at[0], at[1], at[2]); pv.OnTuco() {
			t.Errno("address that is not canonical", result, hypercall.EINVAL)
		} else {
			t.OK("address that is not canonical", result)
		}
	}
	pv.SetTraps()
}

func nmi(t *pv.T) {
	arg := hypercall.XenNMICallback{HandlerAddress: pv.Stub(pv.NMI)}
	t.OK("register", pv.NMIOp(hypercall.XENNMI_register_callback, &arg))
	t.OK("unregister", pv.NMIOp[byte](hypercall.XENNMI_unregister_callback, nil))
	t.OK("unregister again", pv.NMIOp[byte](hypercall.XENNMI_unregister_callback, nil))
	arg.HandlerAddress = nonCanonical
	t.Errno("address that is not canonical", pv.NMIOp(hypercall.XENNMI_register_callback, &arg), hypercall.EINVAL)
	t.Errno("no such command", pv.NMIOp[byte](9, nil), hypercall.ENOSYS)
	t.Errno("argument nowhere", pv.NMIOp(hypercall.XENNMI_register_callback, pv.At[byte](nowhere)), hypercall.EFAULT)
	pv.SetTraps()
}
