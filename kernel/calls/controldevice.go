package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/lines"
)

// newMessage is CONTROLOP_message. If the caller can't be told which interrupt it is there is none.
//
// ESRCH. EINVAL: a domain that has no physical interrupts. Others are lines.NewMessage's.
func newMessage(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.ControlMessage
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	d, e := target(&s.Target)
	if e == 0 && !lines.Has(d) {
		e = hypercall.EINVAL
	}
	if e != 0 {
		return fail(e)
	}
	n, m, e := lines.NewMessage(v.Holder())
	if e != 0 {
		return fail(e)
	}
	s.Address, s.Data, s.PIRQ = m.Address, m.Data, uint32(n)
	if !put(v, arg, &s) {
		lines.Unmap(v.Holder(), n)
		return fail(hypercall.EFAULT)
	}
	return 0
}
