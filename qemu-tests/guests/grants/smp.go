package grants

import (
	"sync/atomic"

	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// storm is what the vCPUs have done.
var storm struct {
	mapped, unmapped, wrong atomic.Uint32
	last                    atomic.Uint64 // page and handle of a mapping, for anybody to end
	own                     [pv.MaxCPUs]uint64
}

const stormRounds = 100

// together has all vCPUs map, copy and unmap one grant at the same time, and each tries to end others' mappings too: of
// those who try, one does.
func together(t *pv.T) {
	n := pv.CPUs()
	if n < 2 {
		t.Skip("the domain has one vCPU")
		return
	}
	w := begin(0)
	pv.StartCPUs(n)
	for id := range n {
		storm.own[id] = pv.AllocPage()
	}
	for id := uint32(1); id < n; id++ {
		pv.Go(id, stormOne)
	}
	stormOne()
	for id := uint32(1); id < n; id++ {
		t.Check(pv.Await(id), "vCPU %d does not come to an end", uint64(id))
	}
	t.Equal("wrong answers", uint64(storm.wrong.Load()), 0)
	t.Equal("mappings", uint64(storm.mapped.Load()), uint64(n)*stormRounds)
	t.Equal("those that were ended", uint64(storm.unmapped.Load()), uint64(n)*stormRounds)
	for id := range n {
		pv.FreePage(storm.own[id])
	}
	w.end(t)
}

func stormOne() {
	w, id := &theWorld, uint64(pv.This().ID)
	for i := range uint64(stormRounds) {
		page := id*100 + i%100
		op := w.mapAt(page, host|uint32(i%2)*read)
		if op.Status != okay {
			storm.wrong.Add(1)
			continue
		}
		storm.mapped.Add(1)
		storm.last.Store(page<<32 | uint64(op.Handle))
		if pv.CopyGrant(hypercall.GnttabCopy{
			Source: pv.Granted(w.self, firstRef, 0), Dest: pv.Within(storm.own[id], 0), Len: 64, Flags: fromRef,
		}) != okay {
			storm.wrong.Add(1)
		}
		other := storm.last.Load()
		stormUnmap(other>>32, hypercall.GrantHandle(other))
		stormUnmap(page, op.Handle)
	}
}

// stormUnmap ends a mapping, if it is there.
func stormUnmap(page uint64, handle hypercall.GrantHandle) {
	switch pv.UnmapGrant(hypercall.GnttabUnmapGrantRef{HostAddr: theWorld.space.Page(page), Handle: handle}) {
	case okay:
		storm.unmapped.Add(1)
	case hypercall.GNTST_bad_handle, general: // it is no more, or another one
	default:
		storm.wrong.Add(1)
	}
}
