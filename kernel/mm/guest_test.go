//go:build model || race

package mm

import (
	"tuco/kernel/frame"
	"tuco/kernel/pagetype"
	"tuco/kernel/pmm"
)

const (
	leaf  = pagetype.Present | pagetype.User
	table = leaf | pagetype.RW
)

// call makes an operation, and again for as long as that is what it wants, with
// what the maker of a call has to do in between.
func (w *world) call(c *cpu, d int, from int, op func(call *Call) pagetype.Result) pagetype.Result {
	for try := 0; ; try++ {
		var call Call
		budget := 1000
		if c.r.IntN(3) == 0 {
			budget = 1 + c.r.IntN(12)
		}
		call.Begin(&c.holder, w.domains[d], pagetype.Owner(from), budget)
		r := op(&call)
		c.holder.AssertNone()
		for {
			m, _, ok := call.NextFreed()
			if !ok {
				break
			}
			must(w.pmm.Free(&c.holder, m, 0) == 0, "frame freed in use")
			w.seen["freed"]++
		}
		w.seen[r.String()]++
		switch {
		case r == pagetype.FlushFirst:
			must(call.Need.Everyone || call.Need.TLBs != 0, "flush of nothing")
			w.flush(w.domains[d], call.Need.TLBs, call.Need.Everyone)
		case r != pagetype.Again:
			return r
		}
		// A guest may be led astray by an interrupt, and never come back.
		if c.r.IntN(20) == 0 {
			w.seen["abandoned"]++
			return r
		}
	}
}

// update makes an mmu_update of all requests, as a guest goes on after a continuation.
func (w *world) update(c *cpu, d, from int, q ...Request) pagetype.Result {
	if v := w.current(c); from == d && v != nil && c.r.IntN(3) == 0 && w.throughRing(c, v, q) {
		return pagetype.OK // or not: the ring knows
	}
	return w.call(c, d, from, func(call *Call) pagetype.Result {
		n, r := w.domains[d].Update(call, q, w.m2p[:])
		must(n <= len(q) && (len(q) == 0 || (r == pagetype.OK) == (n == len(q))), "count of requests")
		q = q[n:]
		return r
	})
}

func at(m frame.MFN, slot int) uint64 { return uint64(m.Addr()) + uint64(slot)*8 }

// pick is a frame of the domain for which f holds, or any number at all.
func (w *world) pick(c *cpu, d int, f func(s state) bool) frame.MFN {
	if c.r.IntN(4) < w.heat {
		for _, m := range w.hot[d] {
			if s := w.state(m); s.used && int(s.owner) == d && f(s) {
				return m
			}
		}
	}
	start := c.r.IntN(ram)
	for n := range ram {
		m := frame.MFN((start+n)%ram + 1)
		if s := w.state(m); s.used && int(s.owner) == d && f(s) {
			return m
		}
	}
	return frame.MFN(c.r.IntN(ram + 2))
}

func anything(state) bool { return true }

func tableOf(level pagetype.Type) func(s state) bool {
	return func(s state) bool { return s.typ == level && s.validated }
}

func idle(s state) bool { return s.count == 0 && !s.doomed && !s.partial }

// anyEntry is an entry that a guest might make up.
func (w *world) anyEntry(c *cpu, d int) uint64 {
	m := w.pick(c, d, anything)
	flags := leaf
	switch n := c.r.IntN(40); {
	case n < 20:
		flags |= pagetype.RW
	case n < 24:
		return 0
	case n == 24:
		m = frame.MFN(c.r.IntN(ram + 2))
	case n == 25:
		m = device
	case n == 26:
		m = frame.MFN(c.r.Uint64N(1 << 40))
	case n == 27:
		flags &^= pagetype.Present
	case n == 28:
		flags = flags&^pagetype.Present | 1<<50
	case n == 29:
		flags |= pagetype.PTE(c.r.Uint64())
	case n == 30:
		flags |= pagetype.Large
	case n == 31:
		flags &^= pagetype.User
	case n == 32:
		flags |= pagetype.Global | pagetype.WriteThrough
	case n == 33:
		m = w.pick(c, d, func(s state) bool { return s.isTable() })
		flags |= pagetype.RW
	case n < 37:
		m = w.pick(c, d, idle)
		flags |= pagetype.RW
	}
	return uint64(pagetype.MakePTE(m, flags) | flags&(1<<50))
}

// anyTableEntry is an entry for slot i of the table m, of a level above L1.
func (w *world) anyTableEntry(c *cpu, d int, level pagetype.Type, m frame.MFN, i int) uint64 {
	switch c.r.IntN(10) {
	case 0, 1:
		return 0
	case 2:
		return w.anyEntry(c, d)
	case 5: // what is there, with other bits
		bits := []pagetype.PTE{pagetype.User, pagetype.RW, pagetype.Large, pagetype.NoExecute, 1 << 9}
		return w.frames.Table(min(m, ram))[i].Load() ^ uint64(bits[c.r.IntN(len(bits))])
	case 3:
		return uint64(pagetype.MakePTE(w.pick(c, d, idle), table))
	case 4:
		return uint64(pagetype.MakePTE(w.pick(c, d, tableOf(level-1)), table|pagetype.Large>>pagetype.PTE(c.r.IntN(5))))
	}
	return uint64(pagetype.MakePTE(w.pick(c, d, tableOf(level-1)), table))
}

func (w *world) command(c *cpu) uint64 {
	return []uint64{normal, normal, preserveAD, noTranslate}[c.r.IntN(4)]
}

// hypercall is something that a hostile guest, which knows what it could do, asks for.
func (w *world) hypercall(c *cpu, v *vcpu) {
	d, domain := v.d, w.domains[v.d]
	r := c.r
	switch w.kind(c) {
	case leaves:
		var q []Request
		m := w.pick(c, d, tableOf(pagetype.L1))
		for range 1 + r.IntN(4) {
			if r.IntN(4) == 0 {
				m = w.pick(c, d, tableOf(pagetype.L1))
			}
			q = append(q, Request{at(m, anySlot(r)) | w.command(c), w.anyEntry(c, d)})
		}
		w.update(c, d, d, q...)
	case uppers:
		level := pagetype.L2 + pagetype.Type(r.IntN(3))
		m := w.pick(c, d, tableOf(level))
		i := anySlot(r)
		if r.IntN(10) == 0 {
			i = []int{pagetype.FirstSlot, pagetype.EndSlot - 1}[r.IntN(2)]
		}
		w.update(c, d, d, Request{at(m, i) | w.command(c), w.anyTableEntry(c, d, level, m, i)})
	case words:
		w.update(c, d, d, Request{at(w.pick(c, d, anything), anySlot(r)), w.anyEntry(c, d)})
		w.update(c, d, d, Request{at(w.pick(c, d, anything), 0) | machphys, r.Uint64N(ram)})
	case addresses:
		w.call(c, d, d, func(call *Call) pagetype.Result {
			return domain.UpdateVA(call, v.id, anyAddress(r), pagetype.PTE(w.anyEntry(c, d)))
		})
	case emulated:
		w.emulate(c, v)
	case pins:
		level := pagetype.L1 + pagetype.Type(r.IntN(4))
		m := w.pick(c, d, idle)
		if r.IntN(2) == 0 {
			m = w.pick(c, d, tableOf(level))
		}
		w.call(c, d, d, func(call *Call) pagetype.Result { return domain.Pin(call, m, level) })
	case unpins:
		m := w.pick(c, d, func(s state) bool { return s.pinned })
		w.call(c, d, d, func(call *Call) pagetype.Result { return domain.Unpin(call, m) })
	case newRoots:
		m := w.pick(c, d, tableOf(pagetype.L4))
		switch r.IntN(8) {
		case 0:
			m = w.pick(c, d, tableOf(pagetype.L1+pagetype.Type(r.IntN(3))))
		case 1:
			m = w.pick(c, r.IntN(len(w.domains)), tableOf(pagetype.L4))
		}
		w.setRoot(c, v, m, r.IntN(2) == 0)
	case reservations:
		w.populate(c, v)
	case foreign:
		w.foreign(c, v)
	case segments:
		w.descriptors(c, v)
	case flushes:
		w.flush(domain, r.Uint64(), false)
	case flushesOfAll:
		w.flush(nil, 0, true)
	case retirements:
		w.retire(c, d)
	case crafts:
		w.craft(c, v)
	case duels:
		w.duel(c, v)
	case rings:
		w.rings(c, v)
	case gifts:
		w.gifts(c, v)
	}
}

// Kinds of hypercalls.
const (
	leaves       = iota // entries of L1s
	uppers              // entries of higher tables
	words               // words of what may be no table
	addresses           // by address
	emulated            // writes by an instruction
	pins                //
	unpins              //
	newRoots            //
	reservations        // frames come and go
	foreign             // domain 0 maps frames of others
	segments            // descriptor tables
	flushes             // the guest's own
	flushesOfAll        // as some other frame's reuse needs
	retirements         // all mappings of a frame become read-only
	crafts              // new tables
	duels               // see there
	rings               // update rings come, go, and are lied on
	gifts               // of the device

	kinds
)

func (w *world) kind(c *cpu) int {
	sum := 3 * kinds
	for _, n := range w.weights {
		sum += 10 * n
	}
	n := c.r.IntN(sum)
	for k, weight := range w.weights {
		if n -= 10*weight + 3; n < 0 {
			return k
		}
	}
	return crafts
}

// foreign lets domain 0 map a frame of another domain, or unmap all that it has.
func (w *world) foreign(c *cpu, v *vcpu) {
	d, r := v.d, c.r
	if d != 0 && r.IntN(10) != 0 {
		// The others make tables of frames that domain 0 knows.
		w.craft(c, v)
		return
	}
	other := r.IntN(3)
	if d != 0 {
		other = d
	}
	if r.IntN(2) == 0 {
		m := w.pick(c, d, tableOf(pagetype.L1))
		val := w.anyEntry(c, other)
		if r.IntN(2) == 0 {
			val = uint64(pagetype.MakePTE(w.pick(c, other, idle), leaf|pagetype.RW))
		}
		if w.update(c, d, other, Request{at(m, anySlot(r)), val}) == pagetype.OK && other != d {
			w.seen["foreign"]++
		}
		return
	}
	w.unmap(c, d, func(e pagetype.PTE) bool { return w.state(e.MFN()).owner != pagetype.Owner(d) }, ^pagetype.PTE(0))
}

// duel is about one empty frame, which its owner makes a table, and no table,
// while domain 0 maps it and unmaps it.
func (w *world) duel(c *cpu, v *vcpu) {
	d, domain := v.d, w.domains[v.d]
	other := 1 + c.r.IntN(2)
	if d == 0 {
		m := w.duels[other]
		t, i, r := domain.walk(domain.roots[v.id].kernel, 0)
		if r != pagetype.OK {
			return
		}
		e := pagetype.MakePTE(m, leaf|pagetype.RW)
		if pagetype.PTE(t[i].Load()).MFN() == m {
			e = 0
		}
		c.wish = m
		w.call(c, d, other, func(call *Call) pagetype.Result { return domain.UpdateVA(call, v.id, 0, e) })
		return
	}
	m := w.duels[d]
	w.call(c, d, d, func(call *Call) pagetype.Result {
		if w.state(m).pinned {
			return domain.Unpin(call, m)
		}
		return domain.Pin(call, m, pagetype.L1)
	})
}

// unmap clears bits of all L1 entries of the domain for which f holds.
func (w *world) unmap(c *cpu, d int, f func(pagetype.PTE) bool, bits pagetype.PTE) {
	var q []Request
	for t := frame.MFN(1); t <= ram; t++ {
		if s := w.state(t); s.typ != pagetype.L1 || !s.validated || int(s.owner) != d {
			continue
		}
		for _, i := range slots {
			e := pagetype.PTE(w.frames.Table(t)[i].Load())
			if e&pagetype.Present != 0 && e.MFN() <= ram && f(e) {
				q = append(q, Request{at(t, i), uint64(e &^ bits)})
			}
		}
	}
	w.update(c, d, d, q...)
}

func (w *world) emulate(c *cpu, v *vcpu) {
	domain := w.domains[v.d]
	a := anyAddress(c.r)
	for range 50 { // a guest knows where its tables are mapped
		if t, i, r := domain.walk(domain.roots[v.id].kernel, a); r == pagetype.OK {
			m := pagetype.PTE(t[i].Load()).MFN()
			if m >= 1 && m <= ram && w.state(m).typ == pagetype.L1 {
				break
			}
		}
		a = anyAddress(c.r)
	}
	a += frame.VAddr(anySlot(c.r) * 8)
	var old pagetype.PTE
	if w.call(c, v.d, v.d, func(call *Call) (r pagetype.Result) {
		old, r = domain.ReadEntry(call, v.id, a)
		return r
	}) != pagetype.OK {
		return
	}
	// Some other processor may just be walking through the entry.
	if t, i, r := domain.walk(domain.roots[v.id].kernel, a); r == pagetype.OK {
		if m := pagetype.PTE(t[i].Load()).MFN(); m >= 1 && m <= ram && w.state(m).typ == pagetype.L1 {
			w.walked = &w.frames.Table(m)[a.Offset()/8]
		}
	}
	defer func() { w.walked = nil }()
	whatever := c.r.IntN(3) == 0
	r := w.call(c, v.d, v.d, func(call *Call) pagetype.Result {
		if whatever {
			return domain.SetEntry(call, v.id, a, pagetype.PTE(w.anyEntry(c, v.d)))
		}
		return domain.ReplaceEntry(call, v.id, a, old, pagetype.PTE(w.anyEntry(c, v.d)))
	})
	if r == pagetype.OK {
		w.seen["emulated"]++
	}
}

// setRoot loads a root, which drops the vCPU's translations.
func (w *world) setRoot(c *cpu, v *vcpu, m frame.MFN, user bool) {
	domain := w.domains[v.d]
	r := w.call(c, v.d, v.d, func(call *Call) pagetype.Result {
		if user {
			if c.r.IntN(4) == 0 {
				m = 0
			}
			return domain.SetUserRoot(call, v.id, m)
		}
		return domain.SetKernelRoot(call, v.id, m)
	})
	if r == pagetype.OK {
		v.valid = false
		w.seen["new root"]++
	}
}

// populate gives frames back, or takes new ones.
func (w *world) populate(c *cpu, v *vcpu) {
	domain := w.domains[v.d]
	n := 0
	for m := frame.MFN(1); m <= ram; m++ {
		if s := w.state(m); s.used && s.allocated && int(s.owner) == v.d {
			n++
		}
	}
	if n > 20 || n > 12 && c.r.IntN(2) == 0 {
		m := w.pick(c, v.d, anything)
		if c.r.IntN(4) != 0 {
			free := c.r.IntN(2) == 0
			m = w.pick(c, v.d, func(s state) bool {
				return s.count == 0 && (free || s.refs > 1) || free && s.typ == pagetype.Writable
			})
			w.unmap(c, v.d, func(e pagetype.PTE) bool { return e.MFN() == m }, ^pagetype.PTE(0))
		}
		if c.r.IntN(4) == 0 {
			w.exchange(c, v, m)
			return
		}
		w.call(c, v.d, v.d, func(call *Call) pagetype.Result {
			_, r := domain.Surrender(call, m, 1)
			return r
		})
		return
	}
	for range 2 {
		m, r := w.pmm.Alloc(&c.holder, 0, pmm.Anywhere)
		if r != pmm.OK {
			return
		}
		w.give(c, domain, m)
		w.seen["populated"]++
	}
}

// exchange takes a frame from the domain, and gives it back to it or frees it.
func (w *world) exchange(c *cpu, v *vcpu, m frame.MFN) {
	domain, taken := w.domains[v.d], false
	w.call(c, v.d, v.d, func(call *Call) pagetype.Result {
		n, r := domain.Take(call, m, 1)
		taken = n == 1
		return r
	})
	switch {
	case !taken:
	case c.r.IntN(3) == 0:
		must(w.pmm.Free(&c.holder, m, 0) == 0, "frame taken in use")
	default:
		w.give(c, domain, m)
		w.seen["taken and given back"]++
	}
}

// give gives a domain a frame that is nobody's.
func (w *world) give(c *cpu, domain *Domain, m frame.MFN) {
	for {
		var call Call
		call.Begin(&c.holder, domain, domain.space.Owner, 1)
		if domain.Give(&call, m, 1) == pagetype.OK {
			return
		}
		must(call.Need.Everyone, "flush of nothing")
		w.flush(nil, 0, true)
	}
}

func (w *world) descriptors(c *cpu, v *vcpu) {
	domain := w.domains[v.d]
	good := []uint64{0, 0x00cf9a000000ffff, 0x00cff2000000ffff, 0x1234}
	if c.r.IntN(8) == 0 {
		good = append(good, 0x00008900000067) // a task state
		good[4] |= 1 << 47
	}
	switch n := c.r.IntN(4); {
	case n == 0 && len(v.gdt) > 0:
		m := v.gdt[0]
		v.gdt = v.gdt[1:]
		w.call(c, v.d, v.d, func(call *Call) pagetype.Result {
			domain.PutDescriptors(call, m)
			return pagetype.OK
		})
	case n == 1 && len(v.gdt) > 0:
		a := v.gdt[0].Addr() + frame.MAddr(anySlot(c.r)*8)
		w.call(c, v.d, v.d, func(call *Call) pagetype.Result {
			return domain.UpdateDescriptor(call, a, good[c.r.IntN(len(good))])
		})
	case len(v.gdt) < 2:
		m := w.pick(c, v.d, idle)
		for _, i := range slots {
			w.update(c, v.d, v.d, Request{at(m, i), good[c.r.IntN(len(good))]})
		}
		held := false
		w.call(c, v.d, v.d, func(call *Call) pagetype.Result {
			r := domain.GetDescriptors(call, m)
			if r == pagetype.OK && !held {
				held = true
				v.gdt = append(v.gdt, m)
			}
			return r
		})
	}
}
