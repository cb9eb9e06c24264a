package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
	"tuco/kernel/mm"
	"tuco/kernel/pagetype"
)

// registerRing is TUCOOP_ring_register.
//
// EFAULT. EINVAL: a number of frames that no ring has, or a frame that is not the domain's or can't be writable. EEXIST: the vCPU has
// a ring.
func registerRing(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.TucoRingRegister
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	if !mm.RingFrames(s.NrFrames) {
		return fail(hypercall.EINVAL)
	}
	if v.Ring.Live() {
		return fail(hypercall.EEXIST)
	}
	var list [hypercall.TucoRingFrames]frame.MFN
	for i := range list {
		list[i] = frame.MFN(s.Frames[i])
	}
	switch machine.OpenRing(v, list[:s.NrFrames]) {
	case pagetype.OK:
		return 0
	case pagetype.Again:
		return domain.Continue
	}
	return fail(hypercall.EINVAL)
}

// unregisterRing is TUCOOP_ring_unregister. What was in the ring is done: it was drained before this call began.
//
// ENXIO: there is no ring.
func unregisterRing(v *domain.VCPU) int64 {
	if !machine.CloseRing(v.Holder(), v) {
		return fail(hypercall.ENXIO)
	}
	return 0
}

// kickRing is TUCOOP_ring_kick: it drains the ring of a vCPU of the caller's domain. The caller's own is drained by any call.
//
// ENOENT: there is no such vCPU. ENXIO: it has no ring; or none any more, since its index was impossible.
func kickRing(v *domain.VCPU, id uint64) int64 {
	if id != uint64(uint32(id)) {
		return fail(hypercall.ENOENT)
	}
	t := v.Domain.VCPU(uint32(id))
	if t == nil {
		return fail(hypercall.ENOENT)
	}
	if t != v && t.Ring.Live() && !machine.DrainRing(v, t) {
		return domain.Continue
	}
	if !t.Ring.Live() {
		return fail(hypercall.ENXIO)
	}
	return 0
}
