package grant

import (
	"sync/atomic"

	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/klog"
	"tuco/kernel/lock"
)

// Sizes of what a domain may have mapped.
const (
	PerPage  = frame.PageSize / 16
	MaxPages = 256
)

// Mappings is what a domain has mapped of others' grants, by handle. It is used in
// place, after Init.
type Mappings struct {
	lock  lock.Spin
	free  uint32        // first free handle, or none [lock]
	spare atomic.Uint32 // one more that is free, or none: whoever swaps it has it
	pages [MaxPages]*Page
	count atomic.Uint32 // publishes pages; [lock] to write
}

// Page is records of mappings.
type Page [PerPage]record

// record is a handle's.
type record struct {
	word  atomic.Uint32      // what is in Mapping's, and busy; 0: the handle is free
	ref   hypercall.GrantRef // the rest of the mapping: written while the handle is busy
	frame uint32
	next  uint32 // in the list of free ones [lock]
}

// Parts are what a mapping is for, of which each is ended by itself.
type Parts uint32

const (
	Device Parts = hypercall.GNTMAP_device_map
	Host   Parts = hypercall.GNTMAP_host_map
	both         = Device | Host
)

// The rest of a mapping's word.
const (
	readOnly = hypercall.GNTMAP_readonly
	byEntry  = hypercall.GNTMAP_contains_pte
	busy     = 1 << 3 // a CPU is about to make the mapping, or to end a part of it
	domShift = 16     // the granter
)

// Mapping is what a handle stands for.
type Mapping struct {
	word  uint32
	frame uint32
	Ref   hypercall.GrantRef
}

// MakeMapping is a mapping of a grant of dom's, with flags GNTMAP_*.
func MakeMapping(dom hypercall.DomID, ref hypercall.GrantRef, m frame.MFN, flags uint32) Mapping {
	return Mapping{flags&(uint32(both)|readOnly|byEntry) | uint32(dom)<<domShift, uint32(m), ref}
}

// Dom is the granter.
func (m *Mapping) Dom() hypercall.DomID { return hypercall.DomID(m.word >> domShift) }

// Frame is the frame that is granted.
func (m *Mapping) Frame() frame.MFN { return frame.MFN(m.frame) }

// Parts are those that have not ended.
func (m *Mapping) Parts() Parts { return Parts(m.word) & both }

// Write tells whether the frame may be written to.
func (m *Mapping) Write() bool { return m.word&readOnly == 0 }

// Entry tells whether the mapping was made at the address of a page-table entry.
func (m *Mapping) Entry() bool { return m.word&byEntry != 0 }

const none = ^uint32(0)

// Init makes it, with no handles.
func (g *Mappings) Init() {
	g.lock.Init(lock.Grants)
	g.free = none
	g.spare.Store(none)
}

// Pages are those that were added.
func (g *Mappings) Pages() []*Page { return g.pages[:g.count.Load()] }

// Add makes room for more handles: p, all zero. False: there are as many as may be.
func (g *Mappings) Add(h *lock.Holder, p *Page) bool {
	g.lock.Lock(h)
	n := g.count.Load()
	room := n < MaxPages
	if room {
		for i := range p {
			p[i].next = n*PerPage + uint32(i) + 1
		}
		p[PerPage-1].next = g.free
		g.free = n * PerPage
		g.pages[n] = p
		g.count.Store(n + 1) // release
	}
	g.lock.Unlock(h)
	return room
}

// Room is how many handles there are, in use or free.
func (g *Mappings) Room() int { return int(g.count.Load()) * PerPage }

// Used is how many of them stand for a mapping, or are about to. It looks at each.
func (g *Mappings) Used() (n int) {
	for _, p := range g.Pages() {
		for i := range p {
			if p[i].word.Load() != 0 {
				n++
			}
		}
	}
	return n
}

// at is the record of a handle; nil if there is none.
func (g *Mappings) at(handle hypercall.GrantHandle) *record {
	n := uint32(handle) / PerPage
	if n >= g.count.Load() { // acquire
		return nil
	}
	return &g.pages[n%MaxPages][handle%PerPage]
}

// New takes a free handle, to be given to Set or Drop. False: see Add.
func (g *Mappings) New(h *lock.Holder) (handle hypercall.GrantHandle, ok bool) {
	step()
	n := g.spare.Swap(none) // acquire: pairs with Drop
	if n == none {
		if n = g.pop(h); n == none {
			return 0, false
		}
	}
	g.at(hypercall.GrantHandle(n)).word.Store(busy)
	return hypercall.GrantHandle(n), true
}

// pop takes a handle off the list of free ones.
func (g *Mappings) pop(h *lock.Holder) uint32 {
	g.lock.Lock(h)
	n := g.free
	if n != none {
		g.free = g.at(hypercall.GrantHandle(n)).next
	}
	g.lock.Unlock(h)
	return n
}

// Set makes a new handle stand for a mapping, which has at least one part.
func (g *Mappings) Set(handle hypercall.GrantHandle, m *Mapping) {
	r := g.at(handle)
	r.ref, r.frame = m.Ref, m.frame
	r.word.Store(m.word) // release: whoever takes it finds the rest
}

// Drop gives back a handle that has no parts left, or never had.
func (g *Mappings) Drop(h *lock.Holder, handle hypercall.GrantHandle) {
	r := g.at(handle)
	if r.word.Load() != busy {
		klog.Bugf("grant handle %d is freed and in use", klog.U(handle))
	}
	g.release(h, handle, r)
}

// release makes a handle a free one.
func (g *Mappings) release(h *lock.Holder, handle hypercall.GrantHandle, r *record) {
	r.word.Store(0)
	step()
	if g.spare.CompareAndSwap(none, uint32(handle)) { // release
		return
	}
	g.lock.Lock(h)
	r.next = g.free
	g.free = uint32(handle)
	g.lock.Unlock(h)
}

// Taken is what became of a Take.
type Taken uint8

const (
	TakenIt Taken = iota
	NoSuch        // there is no such mapping
	Busy          // another CPU is at it, which needs no more than a step of its call
)

// Take begins to end a mapping: nobody else can until Leave.
func (g *Mappings) Take(handle hypercall.GrantHandle, m *Mapping) Taken {
	r := g.at(handle)
	if r == nil {
		return NoSuch
	}
	x := r.word.Load()
	step()
	switch {
	case Parts(x)&both == 0:
		return NoSuch
	case x&busy != 0 || !r.word.CompareAndSwap(x, x|busy): // acquire: pairs with Set
		return Busy
	}
	*m = Mapping{x, r.frame, r.ref}
	return TakenIt
}

// Leave ends what Take began: some parts are no more. If none is left the handle is
// free; before, the mapping's pin has been given back.
func (g *Mappings) Leave(h *lock.Holder, handle hypercall.GrantHandle, ended Parts) {
	r := g.at(handle)
	x := r.word.Load() &^ uint32(ended) // nobody else changes it: it is busy
	if Parts(x)&both != 0 {
		r.word.Store(x &^ busy) // release: pairs with Take
		return
	}
	g.release(h, handle, r)
}
