package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/lines"
)

// readAPIC is PHYSDEVOP_apic_read: a register of an I/O APIC, as it is. EINVAL: there
// is no controller at this address.
func readAPIC(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.PhysdevAPIC
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	value, ok := lines.ReadController(v.Holder(), frame.MAddr(s.ApicPhysbase), s.Reg)
	if !ok {
		return fail(hypercall.EINVAL)
	}
	s.Value = value
	return given(put(v, arg, &s))
}

// writeAPIC is PHYSDEVOP_apic_write. The controllers are the hypervisor's: what is
// written is lost. How a line signals is for PHYSDEVOP_setup_gsi to say, and where its
// interrupts go to for EVTCHNOP_bind_vcpu. EINVAL: there is no controller at this
// address.
func writeAPIC(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.PhysdevAPIC
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	if _, ok := lines.ReadController(v.Holder(), frame.MAddr(s.ApicPhysbase), 0); !ok {
		return fail(hypercall.EINVAL)
	}
	return 0
}
