package smp

import (
	"sync/atomic"

	"tuco/qemu-tests/guests/pv"
)

// The code that is patched is one of these, and a return.
const (
	nop  = 0x90
	int3 = 0xcc
	ret  = 0xc3
)

var (
	patched     uint64 // the code's address
	calls, hits atomic.Uint64
)

// callPatched calls the code over and over.
func callPatched() {
	code := pv.FuncAt(&patched)
	for stop.Load() == 0 {
		code()
		calls.Add(1)
	}
}

// patch has one vCPU change code that another one executes, as kernels do with an INT3. What is executed may be old for a moment,
// and not for ever: the INT3 that is gone must not hold up who met it.
func patch(t *pv.T) {
	if !enough(t, 2) {
		return
	}
	space.Install(slot)
	pv.Need("map", space.Set(0, pv.FrameEntry(pv.SpareFrame(0), pv.RW)))
	patched = space.Page(0)
	code := pv.At[[2]byte](patched)
	word := pv.At[uint32](patched)
	*code = [2]byte{nop, ret}
	stop.Store(0)
	hits.Store(0)
	pv.OnTrap(pv.BP, func(*pv.Frame) { hits.Add(1) })
	pv.Go(1, callPatched)
	for round := range uint64(500) {
		atomic.StoreUint32(word, ret<<8|int3)
		for range round % 100 {
			pv.Now()
		}
		atomic.StoreUint32(word, ret<<8|nop)
		from := calls.Load()
		for until := pv.Now() + 5*pv.Second; calls.Load() < from+2 && pv.Now() < until; {
		}
		if !t.Check(calls.Load() >= from+2, "no call comes back in round %d", round) {
			break
		}
	}
	// QEMU's processors may keep what they translate while it is written. Who writes again, after a while, is heard.
	from := hits.Load()
	for until := pv.Now() + 5*pv.Second; hits.Load() == from && pv.Now() < until; pv.Sleep(pv.Now() + pv.Millisecond) {
		atomic.StoreUint32(word, ret<<8|int3)
	}
	t.Check(hits.Load() > from, "the INT3 raises nothing")
	stop.Store(1)
	t.Check(pv.Await(1), "vCPU 1 does not stop")
	pv.OnTrap(pv.BP, nil)
	*word = 0
	pv.Need("unmap", space.Set(0, 0))
	space.Remove()
}
