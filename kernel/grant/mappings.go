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
	free  uint32 // first free handle, or none [lock]
	pages [MaxPages]*Page
	count atomic.Uint32 // publishes pages; [lock] to write
}

// Page is records of mappings.
type Page [PerPage]record

// record is a handle's. Ref and frame are written before the parts in the word are
// set, and change only when there are none.
type record struct {
	word  atomic.Uint32
	ref   hypercall.GrantRef
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

// The rest of a record's word.
const (
	readOnly = hypercall.GNTMAP_readonly
	byEntry  = hypercall.GNTMAP_contains_pte
	busy     = 1 << 3 // a CPU is about to make the mapping, or to end a part of it
	domShift = 16     // the granter
)

// Mapping is what a handle stands for.
type Mapping struct {
	Dom   hypercall.DomID // the granter
	Parts Parts
	Write bool
	Entry bool // it was made at an entry's own address
	Ref   hypercall.GrantRef
	Frame frame.MFN
}

const none = ^uint32(0)

// Init makes it, with no handles.
func (g *Mappings) Init() {
	g.lock.Init(lock.Grants)
	g.free = none
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
	g.lock.Lock(h)
	n := g.free
	if ok = n != none; ok {
		r := g.at(hypercall.GrantHandle(n))
		g.free = r.next
		r.word.Store(busy)
	}
	g.lock.Unlock(h)
	return hypercall.GrantHandle(n), ok
}

// Set makes a new handle stand for a mapping, which has at least one part.
func (g *Mappings) Set(handle hypercall.GrantHandle, m *Mapping) {
	r := g.at(handle)
	r.ref, r.frame = m.Ref, uint32(m.Frame)
	word := uint32(m.Parts) | uint32(m.Dom)<<domShift
	if !m.Write {
		word |= readOnly
	}
	if m.Entry {
		word |= byEntry
	}
	r.word.Store(word) // release: whoever takes it finds the rest
}

// Drop gives back a handle that has no parts left, or never had.
func (g *Mappings) Drop(h *lock.Holder, handle hypercall.GrantHandle) {
	r := g.at(handle)
	if r.word.Swap(0) != busy {
		klog.Bugf("grant handle %d is freed and in use", klog.D(handle))
	}
	g.lock.Lock(h)
	r.next = g.free
	g.free = uint32(handle)
	g.lock.Unlock(h)
}

// Take begins to end a mapping: nobody else can until Leave. False: there is no
// such mapping, or somebody is at it.
func (g *Mappings) Take(handle hypercall.GrantHandle) (m Mapping, ok bool) {
	r := g.at(handle)
	if r == nil {
		return m, false
	}
	x := r.word.Load()
	if Parts(x)&both == 0 || x&busy != 0 || !r.word.CompareAndSwap(x, x|busy) { // acquire: pairs with Set
		return m, false
	}
	return Mapping{
		Dom: hypercall.DomID(x >> domShift), Parts: Parts(x) & both, Write: x&readOnly == 0, Entry: x&byEntry != 0,
		Ref: r.ref, Frame: frame.MFN(r.frame),
	}, true
}

// Leave ends what Take began: some parts are no more. If none is left the handle is
// free; before, the mapping's pin has been given back.
func (g *Mappings) Leave(h *lock.Holder, handle hypercall.GrantHandle, ended Parts) {
	r := g.at(handle)
	x := r.word.Load() &^ uint32(ended) // nobody else changes it: it is busy
	if Parts(x)&both != 0 {
		r.word.Store(x &^ busy)
		return
	}
	r.word.Store(busy)
	g.Drop(h, handle)
}
