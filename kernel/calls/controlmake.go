package calls

import (
	"tuco/hypercall"
	"tuco/kernel/create"
	"tuco/kernel/domain"
	"tuco/kernel/machine"
	"tuco/kernel/sched"
)

// maxPages bounds what a domain may be allowed: more than any machine has, and far from where
// sums overflow.
const maxPages = 1 << 40

// createDomain is CONTROLOP_create. If the caller can't be told which domain it is there is none.
//
// EINVAL: a number is out of bounds, or the name is no name. ENOMEM.
func createDomain(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	s := &room(v).created
	if !get(v, s, arg) {
		return fail(hypercall.EFAULT)
	}
	name, ok := nameOf(&s.Name)
	if !ok || s.MaxPages == 0 || s.MaxPages > maxPages || s.VCPUs == 0 || s.VCPUs > domain.MaxVCPUs ||
		s.Weight == 0 || s.Weight > sched.MaxWeight || s.Cap > maxCap {
		return fail(hypercall.EINVAL)
	}
	d, failure := create.New(v.Holder(), &create.Spec{
		Name: name, Handle: s.Handle, Kept: true, Pages: s.MaxPages, VCPUs: int(s.VCPUs),
		Weight: s.Weight, Cap: s.Cap, Kind: v.Domain.Kind,
	})
	if failure != nil {
		return fail(hypercall.ENOMEM)
	}
	s.Target = hypercall.ControlTarget{DomID: d.DomID(), Serial: d.Serial.Load()}
	s.SharedInfo = hypercall.XenPFN(d.SharedFrame)
	machine.Publish(d)
	if !put(v, arg, s) {
		machine.Destroy(v.Holder(), d)
		return fail(hypercall.EFAULT)
	}
	return 0
}

// nameOf is the name in a field of fixed length.
func nameOf(field *hypercall.ControlName) (name []byte, ok bool) {
	n := 0
	for n < len(field) && field[n] != 0 {
		if field[n] <= ' ' || field[n] > '~' {
			return nil, false
		}
		n++
	}
	for _, c := range field[n:] {
		if c != 0 {
			return nil, false
		}
	}
	return field[:n], true
}

// setMaxMemory is CONTROLOP_max_memory. EINVAL: it is absurd. ESRCH.
func setMaxMemory(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.ControlMaxMemory
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	if s.Pages > maxPages {
		return fail(hypercall.EINVAL)
	}
	d, e := target(&s.Target)
	if e == 0 {
		machine.SetMaxPages(v.Holder(), d, int64(s.Pages))
	}
	return fail(e)
}

// setContext is CONTROLOP_set_context. ESRCH. ENOENT: there is no such vCPU. Other errors are
// those of VCPUOP_initialise.
func setContext(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.ControlContext
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	d, e := target(&s.Target)
	if e != 0 {
		return fail(e)
	}
	t := d.VCPU(s.VCPU)
	if t == nil {
		return fail(hypercall.ENOENT)
	}
	return initialise(v, t, hypercall.Handle[byte](s.Context))
}
