//go:build model || race

package mm

import (
	"slices"

	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/pagetype"
)

// The model's vCPUs have update rings in frames of their domains. The guest's other vCPUs write there as they write everywhere: entries
// and indices become anything at any time.

// throughRing has a vCPU's domain update its tables by the vCPU's ring, and tells whether there is one to do it.
func (w *world) throughRing(c *cpu, v *vcpu, list []Request) bool {
	r := &v.ring
	if !r.Live() || len(list) > int(r.size) {
		return false
	}
	at := r.shared[hypercall.TucoRingProd].Load()
	for i, q := range list {
		page, n := r.slot(at + uint64(i))
		page[n] = q
	}
	r.shared[hypercall.TucoRingProd].Store(at + uint64(len(list)))
	w.seen["put into a ring"]++
	w.drain(c, v, v)
	return true
}

// drain makes what is in a vCPU's ring, for a vCPU of the same domain.
func (w *world) drain(c *cpu, by, of *vcpu) {
	var room [hypercall.TucoRingSlots]Request // for all of it, so that it is known afterwards what was taken
	w.call(c, by.d, by.d, func(call *Call) pagetype.Result {
		live := of.ring.Live()
		done, r := of.ring.Drain(call, w.domains[by.d], w.m2p[:], room[:])
		w.seen["drained"] += int(done)
		if live && !of.ring.Live() {
			w.seen["ring broken"]++
		}
		// Where it was written over there may be requests about any slot.
		for _, q := range room {
			if m := frame.MAddr(q.Ptr).MFN(); m <= ram {
				w.wild[m] = true
			}
		}
		return r
	})
	w.markWild()
}

// rings opens, drains or closes a ring.
func (w *world) rings(c *cpu, v *vcpu) {
	var of *vcpu
	for _, o := range w.vcpus {
		if o.d == v.d && (of == nil || c.r.IntN(2) == 0) {
			of = o
		}
	}
	switch {
	case !v.ring.Live():
		w.openRing(c, v)
	case c.r.IntN(10) == 0:
		w.call(c, v.d, v.d, func(call *Call) pagetype.Result {
			v.ring.Close(call)
			return pagetype.OK
		})
	case c.r.IntN(10) == 0:
		v.ring.shared[hypercall.TucoRingProd].Add(c.r.Uint64N(2*v.ring.size) - v.ring.size/2)
	default:
		w.drain(c, v, of)
	}
}

// openRing makes a ring of frames that are not in use as something else, if they can be had.
func (w *world) openRing(c *cpu, v *vcpu) {
	list := []frame.MFN{w.pick(c, v.d, idle), w.pick(c, v.d, idle)}
	w.call(c, v.d, v.d, func(call *Call) pagetype.Result {
		taken, r := 0, pagetype.OK
		for taken < len(list) && r == pagetype.OK {
			if r = call.GetWritable(list[taken], pagetype.Owner(v.d)); r == pagetype.OK {
				taken++
			}
		}
		for _, m := range list[:taken] {
			w.wild[m] = true
		}
		if r == pagetype.OK && v.ring.Open(&c.holder, &w.frames, list) {
			w.seen["ring opened"]++
			return r
		}
		for _, m := range list[:taken] {
			call.PutWritable(m)
		}
		return r
	})
}

// ringed is how many references rings have to a frame, as writable.
func (w *world) ringed(m frame.MFN) (n uint64) {
	for _, v := range w.vcpus {
		if v.ring.Live() {
			for _, f := range v.ring.frames {
				if f == m {
					n++
				}
			}
		}
	}
	return n
}

// current is the vCPU that a processor has.
func (w *world) current(c *cpu) *vcpu {
	i := slices.IndexFunc(w.vcpus, func(v *vcpu) bool { return v.on == c })
	if i < 0 {
		return nil
	}
	return w.vcpus[i]
}
