//go:build model || race

package mm

import (
	"tuco/kernel/frame"
	"tuco/kernel/lock"
	"tuco/kernel/pagetype"
)

// craft makes tables of frames that are not in use as anything, links them and
// pins the upmost, hooks it into a table, or loads it.
func (w *world) craft(c *cpu, v *vcpu) {
	d, domain := v.d, w.domains[v.d]
	top := pagetype.L1 + pagetype.Type(c.r.IntN(4))
	var made [5]frame.MFN
	for level := pagetype.L1; level <= top; level++ {
		m := w.pick(c, d, idle)
		if level > pagetype.L1 && c.r.IntN(3) == 0 {
			m = w.retire(c, d)
		}
		made[level] = m
		var q []Request
		for _, i := range slots {
			val := uint64(0)
			switch {
			case level == pagetype.L1 && c.r.IntN(4) != 0:
				val = w.goodLeaf(c, d)
			case level > pagetype.L1 && c.r.IntN(3) == 0:
				val = uint64(pagetype.MakePTE(made[level-1], table))
			case level > pagetype.L1 && c.r.IntN(3) == 0:
				val = uint64(pagetype.MakePTE(w.pick(c, d, tableOf(level-1)), table))
			case c.r.IntN(12) == 0:
				val = w.anyEntry(c, d)
			}
			q = append(q, Request{at(m, i), val})
		}
		if w.update(c, d, d, q...) != pagetype.OK {
			return
		}
	}
	switch c.r.IntN(3) {
	case 0:
		if top < pagetype.L4 {
			m := w.pick(c, d, tableOf(top+1))
			w.update(c, d, d, Request{at(m, anySlot(c.r)), uint64(pagetype.MakePTE(made[top], table))})
			return
		}
		w.setRoot(c, v, made[top], c.r.IntN(3) == 0)
	default:
		w.call(c, d, d, func(call *Call) pagetype.Result { return domain.Pin(call, made[top], top) })
	}
}

// goodLeaf is an L1 entry that most likely is allowed.
func (w *world) goodLeaf(c *cpu, d int) uint64 {
	if c.r.IntN(2) == 0 {
		return uint64(pagetype.MakePTE(w.pick(c, d, anything), leaf))
	}
	return uint64(pagetype.MakePTE(w.pick(c, d, func(s state) bool { return s.typ == pagetype.Writable }), leaf|pagetype.RW))
}

// retire makes all mappings of a frame that is writable read-only, as a guest
// does before it makes it a table.
func (w *world) retire(c *cpu, d int) frame.MFN {
	m := w.pick(c, d, func(s state) bool { return s.typ == pagetype.Writable })
	w.unmap(c, d, func(e pagetype.PTE) bool { return e.MFN() == m }, pagetype.RW)
	return m
}

// build gives a domain frames and a first address space.
func (w *world) build(d int) {
	h := &lock.Holder{}
	var f []frame.MFN
	for range 15 {
		m, ok := w.alloc(h, pagetype.Owner(d))
		must(ok, "no memory for a domain")
		f = append(f, m)
		if len(f) == 15 {
			w.duels[d] = m
		} else if len(f) > 12 {
			w.hot[d] = append(w.hot[d], m)
		}
	}
	set := func(m frame.MFN, i int, e pagetype.PTE) { w.frames.Table(m)[i].Store(uint64(e)) }
	n := 5
	for _, i := range slots {
		set(f[0], i, pagetype.MakePTE(f[n], leaf|pagetype.RW))
		set(f[1], i, pagetype.MakePTE(f[i&3], leaf))
		n++
	}
	set(f[2], 0, pagetype.MakePTE(f[0], table))
	set(f[2], 1, pagetype.MakePTE(f[1], table))
	set(f[3], 0, pagetype.MakePTE(f[2], table))
	set(f[4], 0, pagetype.MakePTE(f[3], table))
	set(f[4], 511, pagetype.MakePTE(f[3], table))
	for _, v := range w.vcpus {
		if v.d == d {
			var call Call
			call.Begin(h, w.domains[d], pagetype.Owner(d), 10_000)
			must(w.domains[d].SetKernelRoot(&call, v.id, f[4]) == pagetype.OK, "first root")
		}
	}
}
