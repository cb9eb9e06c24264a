package smp

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

var rings [pv.MaxCPUs]pv.Ring

const ringRounds = 300

// workRing maps and unmaps by the vCPU's own ring, at places of its own; the last vCPU lies in the midst of it.
func workRing() {
	id := uint64(pv.This().ID)
	q := &rings[id]
	if q.Register() != 0 {
		wrong.Add(1)
		return
	}
	l1 := pv.Machine(space.Table(1))
	for round := range uint64(ringRounds) {
		if id == uint64(pv.CPUs())-1 && round == ringRounds/2 {
			q.Shared.Prod += 1000
			if pv.KickRing(id) != hypercall.ENXIO.Result() || q.Shared.State != hypercall.TUCORING_broken || q.Register() != 0 {
				wrong.Add(1)
			}
		}
		for i := range uint64(8) {
			n := id*8 + i
			q.Put(l1+8*n, pv.FrameEntry(pv.SpareFrame(n), pv.RW))
		}
		q.Put(l1, pv.PageEntry(space.Table(1), pv.RW)) // refused
		at := q.Shared.Prod
		switch round % 3 {
		case 0: // by whatever exit comes
			for until := pv.Now() + 30*pv.Second; q.Done() != at && pv.Now() < until; pv.SchedOp[byte](hypercall.SCHEDOP_yield, nil) {
			}
		case 1:
			if pv.KickRing(id) != 0 {
				wrong.Add(1)
			}
		case 2: // by the first vCPU, which kicks them all
			for until := pv.Now() + 30*pv.Second; q.Done() != at && pv.Now() < until; {
			}
		}
		if q.Done() != at || q.Refusal(at-1) != hypercall.EBUSY {
			wrong.Add(1)
		}
		for i := range uint64(8) {
			n := id*8 + i
			*pv.At[uint64](space.Page(n)) = n<<32 | round
			if *pv.At[uint64](space.Page(n)) != n<<32|round {
				wrong.Add(1)
			}
			q.Put(l1+8*n, 0)
		}
		if pv.MMUExtOp(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_TLB_FLUSH_LOCAL}) != 0 || space.Entry(id*8) != 0 {
			wrong.Add(1)
		}
	}
	if pv.UnregisterRing() != 0 {
		wrong.Add(1)
	}
}

// ringsParallel has all vCPUs use rings of their own at once, and one of them lie.
func ringsParallel(t *pv.T) {
	if !pv.HasRings() || !enough(t, 2) {
		t.Check(pv.HasRings() == pv.OnTuco(), "update rings are not where Tuco is")
		return
	}
	space.Install(slot)
	wrong.Store(0)
	n := uint64(pv.CPUs())
	for id := uint64(1); id < n; id++ {
		rings[id].Make(2)
		pv.Go(uint32(id), workRing)
	}
	t.Errno("kick a vCPU that does not exist", pv.KickRing(n), hypercall.ENOENT)
	t.Errno("kick a vCPU without a ring", pv.KickRing(0), hypercall.ENXIO)
	for id := uint64(1); id < n; {
		for k := uint64(1); k < n; k++ {
			if r := pv.KickRing(k); r != 0 && r != hypercall.ENXIO.Result() {
				wrong.Add(1)
			}
		}
		if pv.Finished(uint32(id)) {
			id++
		}
	}
	t.Equal("what went wrong", wrong.Load(), 0)
	space.Remove()
	for id := uint64(1); id < n; id++ {
		rings[id].Free()
	}
}
