//go:build model || race

package mm

import (
	"tuco/kernel/frame"
	"tuco/kernel/pagetype"
)

// gifts is about the device: domain 0 gives it to one of the others, or takes it back; they map it, and let go.
func (w *world) gifts(c *cpu, v *vcpu) {
	if v.d == 0 {
		w.control(c)
		return
	}
	m := w.pick(c, v.d, tableOf(pagetype.L1))
	if c.r.IntN(2) == 0 {
		w.update(c, v.d, v.d, Request{at(m, anySlot(c.r)), uint64(pagetype.MakePTE(device, leaf|pagetype.RW|pagetype.CacheDisable))})
		return
	}
	var q []Request
	w.deviceEntries(pagetype.Owner(v.d), func(t frame.MFN, i int) { q = append(q, Request{at(t, i), 0}) })
	w.update(c, v.d, v.d, q...)
}

// control is what domain 0 does. It has the lock of package machine's gifts from the beginning of a gift to its end, but not while it flushes.
func (w *world) control(c *cpu) {
	if w.owner == 0 {
		to := pagetype.Owner(1 + c.r.IntN(2))
		w.owner, w.mapper = to, to
		must(w.domains[to].GiveDevice(&c.holder, frame.Between(device, device+1)) == pagetype.OK, "gift")
		w.seen["device given"]++
		return
	}
	from := w.mapper
	if from == 0 {
		return // another vCPU takes it back just now
	}
	mapped, alone, calls := 0, w.alone(c), w.calls
	w.deviceEntries(from, func(frame.MFN, int) { mapped++ })
	switch w.domains[from].TakeDevice(&c.holder, frame.Between(device, device+1)) {
	case pagetype.OK:
		w.mapper = 0
		w.flush(w.domains[from], ^uint64(0), false)
		w.owner = 0
		w.seen["device taken back"]++
	case pagetype.WrongType:
		w.seen["device kept"]++
		if mapped == 0 && alone && calls == w.calls { // else somebody may have mapped it since
			broken("the device can't be taken from domain %d, which does not map it", from)
		}
	}
}

// alone tells whether no other processor is in a hypercall.
func (w *world) alone(c *cpu) bool {
	for _, o := range w.cpus {
		if o != c && o.busy {
			return false
		}
	}
	return true
}

// deviceEntries finds the entries of a domain's tables that map the device and count.
func (w *world) deviceEntries(o pagetype.Owner, f func(t frame.MFN, i int)) {
	for m := frame.MFN(1); m <= ram; m++ {
		s := w.state(m)
		if s.owner != o || s.typ != pagetype.L1 {
			continue
		}
		for i := range s.counted() {
			if e := pagetype.PTE(w.frames.Table(m)[i].Load()); e&pagetype.Present != 0 && e.MFN() == device {
				f(m, i)
			}
		}
	}
}
