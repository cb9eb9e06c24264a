//go:build model || race

package mm

import (
	"fmt"

	"tuco/kernel/frame"
	"tuco/kernel/pagetype"
)

// violation is what the model panics with.
type violation string

func broken(format string, args ...any) {
	panic(violation(fmt.Sprintf(format, args...)))
}

// recount checks what every table maps, and all counts against it. While
// operations are under way a count may be above what is due, never below;
// exact says that none is. Held is how often a frame is in use as descriptors, and
// ringed how often by update rings.
func (x *machine) recount(domains []*Domain, held, ringed func(m frame.MFN) uint64, exact bool) {
	var types, refs [ram + 1]uint64
	var states [ram + 1]state
	for m := frame.MFN(1); m <= ram; m++ {
		states[m] = x.state(m)
	}
	for m := frame.MFN(1); m <= ram; m++ {
		s := &states[m]
		n := s.counted()
		t := x.frames.Table(m)
		if s.used && s.typ == pagetype.Descriptors && s.validated {
			for _, i := range slots {
				if d := t[i].Load(); d>>47&1 != 0 && (d>>44&1 == 0 || d>>45&3 != 3 || d>>40&1 == 0) {
					broken("descriptor %d of frame %d is %x", i, m, d)
				}
			}
		}
		if s.used && s.typ == pagetype.L4 && !s.changing && s.count == 0 && !s.doomed && t[pagetype.FirstSlot].Load() == uint64(hostSlots[0]) {
			broken("frame %d was a root and holds the hypervisor's entries", m)
		}
		if n == 0 {
			continue
		}
		if s.typ == pagetype.L4 && n >= pagetype.EndSlot {
			for i, want := range hostSlots {
				if got := pagetype.PTE(t[pagetype.FirstSlot+i].Load()); got != want {
					broken("slot %d of L4 %d holds %x", pagetype.FirstSlot+i, m, got)
				}
			}
		}
		slots := countedSlots
		if x.wild[m] {
			slots = allSlots
		}
		for _, i := range slots {
			if i >= n {
				break
			}
			if s.typ == pagetype.L4 && i >= pagetype.FirstSlot && i < pagetype.EndSlot {
				continue
			}
			e := pagetype.PTE(t[i].Load())
			if e&pagetype.Present == 0 {
				if a := frame.MAddr(e) & (1<<52 - frame.PageSize); a != 0 && a < safeAbove {
					broken("%v %d holds the non-present entry %x, which names memory", s.typ, m, e)
				}
				continue
			}
			if e&(15<<59) != 0 || e&pagetype.User == 0 {
				broken("%v %d holds the entry %x", s.typ, m, e)
			}
			c := e.MFN()
			if s.typ != pagetype.L1 {
				if e&(pagetype.WriteThrough|pagetype.CacheDisable|pagetype.Large|pagetype.Global) != 0 {
					broken("%v %d holds the entry %x", s.typ, m, e)
				}
				if c < 1 || c > ram {
					broken("%v %d points to frame %x", s.typ, m, c)
				}
				if k := states[c]; k.typ != s.typ-1 || !k.validated || k.owner != s.owner {
					broken("%v %d points to frame %d, which is %v", s.typ, m, c, k)
				}
				types[c]++
				refs[c]++
				continue
			}
			if c < 1 || c > ram {
				if c != device || s.owner != 0 && s.owner != x.mapper {
					broken("L1 %d maps frame %x, which the domain may not have", m, c)
				}
				continue
			}
			k := states[c]
			if !k.used {
				broken("L1 %d of domain %d maps frame %d, which is free", m, s.owner, c)
			}
			if k.owner != s.owner && s.owner != 0 {
				broken("L1 %d of domain %d maps frame %d of domain %d", m, s.owner, c, k.owner)
			}
			if e&(pagetype.WriteThrough|pagetype.CacheDisable|pagetype.PAT|pagetype.Global) != 0 {
				broken("L1 %d maps frame %d with cache bits: %x", m, c, e)
			}
			refs[c]++
			if e&pagetype.RW != 0 {
				types[c]++
				if k.typ != pagetype.Writable {
					broken("L1 %d maps frame %d writable, which is %v", m, c, k)
				}
			}
		}
	}
	for _, d := range domains {
		for v := range d.space.TLBs {
			for _, root := range []frame.MFN{d.roots[v].kernel, d.roots[v].user} {
				if root != frame.NoMFN {
					if k := states[root]; k.typ != pagetype.L4 || !k.validated || k.owner != d.space.Owner {
						broken("the root of vCPU %d of domain %d is frame %d, which is %v", v, d.space.Owner, root, k)
					}
					types[root]++
					refs[root]++
				}
			}
		}
	}
	for m := frame.MFN(1); m <= ram; m++ {
		s := &states[m]
		if !s.used {
			continue
		}
		if s.refs == 0 {
			broken("frame %d has no reference and is not freed: %v", m, s)
		}
		if s.allocated {
			refs[m]++
		}
		if s.pinned {
			if !s.isTable() || !s.validated {
				broken("frame %d is pinned and not validated: %v", m, s)
			}
			types[m]++
			refs[m]++
		}
		if s.partial {
			types[m]++
			refs[m]++
		}
		if s.doomed {
			refs[m]++
			if types[m] != 0 {
				broken("frame %d is doomed and in use: %v", m, s)
			}
		}
		n := held(m)
		if s.typ == pagetype.Descriptors {
			types[m] += n
		} else if n != 0 {
			broken("frame %d is in a descriptor table and is %v", m, s)
		}
		refs[m] += n
		if n := ringed(m); n != 0 {
			if s.typ != pagetype.Writable {
				broken("frame %d is an update ring's and is %v", m, s)
			}
			types[m] += n
			refs[m] += n
		}
		if s.isTable() && s.count > 0 && !s.doomed && !s.validated && !s.partial {
			broken("table %d is in use and not validated: %v", m, s)
		}
		if s.refs < refs[m] || exact && s.refs != refs[m] {
			broken("frame %d has %d references, counted %d: %v", m, s.refs, refs[m], s)
		}
		if s.doomed {
			continue
		}
		if s.count < types[m] || exact && s.count != types[m] {
			broken("frame %d has a type count of %d, counted %d: %v", m, s.count, types[m], s)
		}
		if exact && s.changing {
			broken("frame %d is left changing: %v", m, s)
		}
		if exact && (s.refs < s.count) {
			broken("frame %d has fewer references than uses: %v", m, s)
		}
	}
}
