package pv

import (
	"sync/atomic"

	"tuco/hypercall"
)

// Ring is a vCPU's update ring, in pages of the builder's mapping.
type Ring struct {
	Shared *hypercall.TucoRing
	pages  [hypercall.TucoRingFrames]uint64
	n      int // of pages
}

// HasRings tells whether the hypervisor offers update rings.
//
//go:noinline
func HasRings() bool {
	var f hypercall.TucoFeatures
	return TucoOp(hypercall.TUCOOP_features, &f) == 0 && f.Features>>hypercall.TUCOFEAT_update_ring&1 != 0
}

// Make takes pages for a ring, so many in all, but does not register it.
func (r *Ring) Make(pages int) {
	r.n = pages
	for i := range pages {
		r.pages[i] = AllocPage()
	}
	r.Shared = At[hypercall.TucoRing](r.pages[0])
}

// Free gives them back. It is registered no more.
func (r *Ring) Free() {
	for _, page := range r.pages[:r.n] {
		FreePage(page)
	}
}

// Page is the ring's page i, of which the first is the shared one.
func (r *Ring) Page(i int) uint64 { return r.pages[i] }

// Register makes it the calling vCPU's.
func (r *Ring) Register() uint64 {
	s := hypercall.TucoRingRegister{NrFrames: uint32(r.n)}
	for i, page := range r.pages[:r.n] {
		s.Frames[i] = hypercall.XenPFN(MFN(page))
	}
	return TucoOp(hypercall.TUCOOP_ring_register, &s)
}

// UnregisterRing ends the calling vCPU's ring.
func UnregisterRing() uint64 { return TucoOp[byte](hypercall.TUCOOP_ring_unregister, nil) }

// KickRing has the ring of a vCPU drained.
func KickRing(vcpu uint64) uint64 {
	return Call(hypercall.HYPERVISOR_tuco_op, hypercall.TUCOOP_ring_kick, vcpu, 0, 0, 0)
}

// Size is how many entries fit.
func (r *Ring) Size() uint64 { return uint64(r.n-1) * hypercall.TucoRingSlots }

// Slot is where entry n is.
func (r *Ring) Slot(n uint64) *hypercall.MMUUpdate {
	n %= r.Size()
	return At[hypercall.MMUUpdate](r.pages[1+n/hypercall.TucoRingSlots] + n%hypercall.TucoRingSlots*16)
}

// Put puts an entry, for which there is room.
func (r *Ring) Put(ptr, val uint64) {
	n := r.Shared.Prod
	*r.Slot(n) = hypercall.MMUUpdate{Ptr: ptr, Val: val}
	atomic.StoreUint64(&r.Shared.Prod, n+1) // after the entry
}

// Done is how many entries are answered for.
func (r *Ring) Done() uint64 { return atomic.LoadUint64(&r.Shared.Cons) }

// Refusal is what entry n was refused for, or 0.
func (r *Ring) Refusal(n uint64) hypercall.Errno {
	u := r.Slot(n)
	if u.Ptr&hypercall.TUCORING_refused == 0 {
		return 0
	}
	return hypercall.Errno(u.Val)
}
