//go:build model || race

package mm

import (
	"math/rand/v2"

	"tuco/kernel/frame"
	"tuco/kernel/pagetype"
)

// translation is an entry of a TLB.
type translation struct {
	tag      uint64
	page     frame.VAddr
	m        frame.MFN
	life     uint32
	writable bool
	segments bool // the processor's own mapping of a page of descriptors
}

// structure is an entry of a paging-structure cache: the table of a level for
// the addresses that share the bits above. Rights of upper levels are
// kept with it.
type structure struct {
	tag      uint64
	prefix   frame.VAddr
	level    pagetype.Type
	m        frame.MFN
	life     uint32
	writable bool
}

// mmu is a processor's. Tags are never used twice, so that an entry whose tag
// no vCPU bears is as good as gone.
type mmu struct {
	x      *machine
	r      *rand.Rand
	tlb    []translation
	caches []structure
	wish   frame.MFN // what it would rather translate to
}

const tlbSize, cacheSize = 10, 8

// fill walks to some page, as a processor may at any time, for the root that
// it has loaded. It begins at the root or at any table that it remembers.
func (u *mmu) fill(tag uint64, root frame.MFN) {
	at := structure{tag: tag, level: pagetype.L4, m: root, life: u.x.life[root].Load(), writable: true}
	for _, c := range u.caches {
		if c.tag == tag && u.r.IntN(3) == 0 {
			at = c
		}
	}
	for {
		s := u.x.state(at.m)
		if u.x.life[at.m].Load() == at.life && s.used && s.typ != at.level {
			broken("a processor walks frame %d as an %v, which is %v", at.m, at.level, s)
		}
		t := u.x.frames.Table(at.m)
		i := anySlot(u.r)
		for range 4 {
			if pagetype.PTE(t[i].Load())&pagetype.Present == 0 {
				i = anySlot(u.r)
			}
		}
		for _, j := range slots {
			if e := pagetype.PTE(t[j].Load()); at.level == pagetype.L1 && e.MFN() == u.wish && u.r.IntN(2) == 0 {
				i = j
			}
		}
		v := at.prefix<<9 | frame.VAddr(i)
		e := pagetype.PTE(t[i].Load())
		if e&pagetype.Present == 0 {
			return
		}
		// Accessed bit, and dirty as for a write that never completes.
		set := e | pagetype.Accessed
		writable := at.writable && e&pagetype.RW != 0
		if at.level == pagetype.L1 && writable {
			set |= pagetype.Dirty
		}
		t[i].CompareAndSwap(uint64(e), uint64(set))
		m := e.MFN()
		if m == device && at.level == pagetype.L1 {
			u.add(translation{tag: tag, page: v, m: m}) // as one to read: what is written there is in no memory
			return
		}
		if m < 1 || m > ram {
			return
		}
		life := u.x.life[m].Load()
		if at.level == pagetype.L1 {
			u.add(translation{tag, v, m, life, writable, false})
			return
		}
		at = structure{tag, v, at.level - 1, m, life, writable}
		if len(u.caches) == cacheSize {
			u.caches[u.r.IntN(cacheSize)] = u.caches[cacheSize-1]
			u.caches = u.caches[:cacheSize-1]
		}
		u.caches = append(u.caches, at)
	}
}

func (u *mmu) add(e translation) {
	if len(u.tlb) == tlbSize {
		u.tlb[u.r.IntN(tlbSize)] = u.tlb[tlbSize-1]
		u.tlb = u.tlb[:tlbSize-1]
	}
	u.tlb = append(u.tlb, e)
}

// segment loads a segment register from a page of descriptors.
func (u *mmu) segment(tag uint64, m frame.MFN) {
	u.add(translation{tag: tag, m: m, life: u.x.life[m].Load(), segments: true})
}

// purge forgets entries that can't be used any more. They would be in the way of others.
func (u *mmu) purge(usable func(tag uint64) bool) {
	n := 0
	for _, e := range u.tlb {
		if usable(e.tag) {
			u.tlb[n] = e
			n++
		}
	}
	u.tlb = u.tlb[:n]
	n = 0
	for _, c := range u.caches {
		if usable(c.tag) {
			u.caches[n] = c
			n++
		}
	}
	u.caches = u.caches[:n]
}

// check looks for entries that would let a vCPU of the domain that bears the tag
// do what it must not.
func (u *mmu) check(domainOf func(tag uint64) (pagetype.Owner, bool)) {
	for _, e := range u.tlb {
		o, usable := domainOf(e.tag)
		if !usable {
			continue
		}
		if e.m == device {
			if o != 0 && o != u.x.owner {
				broken("a TLB of domain %d holds the device, which is not its own", o)
			}
			continue
		}
		s := u.x.state(e.m)
		if u.x.life[e.m].Load() != e.life {
			broken("a TLB of domain %d holds frame %d, which was freed and is used anew: %v", o, e.m, s)
		}
		if !s.used {
			continue
		}
		if s.owner != o && o != 0 {
			broken("a TLB of domain %d holds frame %d: %v", o, e.m, s)
		}
		if e.segments && s.typ != pagetype.Descriptors {
			broken("a processor takes descriptors of domain %d from frame %d, which is %v", o, e.m, s)
		}
		if e.writable && s.typ != pagetype.Writable {
			broken("a TLB of domain %d holds frame %d as writable, which is %v", o, e.m, s)
		}
	}
	for _, c := range u.caches {
		o, usable := domainOf(c.tag)
		if !usable {
			continue
		}
		s := u.x.state(c.m)
		if u.x.life[c.m].Load() != c.life {
			broken("a paging-structure cache of domain %d holds frame %d, which was freed and is used anew: %v", o, c.m, s)
		}
		if s.used && s.typ != c.level {
			broken("a paging-structure cache of domain %d holds frame %d as an %v, which is %v", o, c.m, c.level, s)
		}
	}
}
