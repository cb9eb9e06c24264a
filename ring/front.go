package ring

import "sync/atomic"

// Front is the front end's side of a ring: it puts requests and takes responses. One goroutine at a time may use it.
type Front[Req, Rsp any] struct {
	shared *Header
	slots  slots[Req, Rsp]

	reqProd   uint32 // requests below it have been put
	reqPushed uint32 // the back end knows of those below it
	rspCons   uint32 // responses below it have been taken
	rspSeen   uint32 // those below it are there
	dead      bool
}

// MakeFront makes a ring in memory that the back end doesn't know yet. It clears the memory, so that nothing of what was
// there gets to the back end.
func MakeFront[Req, Rsp any](memory []byte) Front[Req, Rsp] {
	clear(memory)
	h, s := split[Req, Rsp](memory)
	h.ReqEvent, h.RspEvent = 1, 1
	return Front[Req, Rsp]{shared: h, slots: s}
}

// Size is how many slots the ring has.
func (f *Front[Req, Rsp]) Size() int { return int(f.slots.mask) + 1 }

// Free is how many requests can be put. Those whose responses were not taken yet have their slots still.
func (f *Front[Req, Rsp]) Free() int { return f.Size() - f.Unanswered() }

// Unanswered is how many requests have been put for which no response has been taken.
func (f *Front[Req, Rsp]) Unanswered() int { return int(f.reqProd - f.rspCons) }

// Put puts a request, for the next Push. It tells whether there was a slot for it.
func (f *Front[Req, Rsp]) Put(req *Req) bool {
	if f.Free() == 0 {
		return false
	}
	copy(f.slots.at(f.reqProd), bytesOf(req))
	f.reqProd++
	return true
}

// Push shows the back end what has been put. It tells whether the back end wants to be notified.
func (f *Front[Req, Rsp]) Push() (notify bool) {
	before := f.reqPushed
	f.reqPushed = f.reqProd
	// The requests are seen before the index, and the index before the back end's wish is read.
	atomic.StoreUint32(&f.shared.ReqProd, f.reqProd)
	return f.reqProd-atomic.LoadUint32(&f.shared.ReqEvent) < f.reqProd-before
}

// Take takes a response, if there is one. Slot is the number of the slot that it lay in.
// The error is ErrIndex.
func (f *Front[Req, Rsp]) Take(rsp *Rsp) (slot int, ok bool, err error) {
	if f.rspCons == f.rspSeen {
		if err := f.look(); err != nil || f.rspCons == f.rspSeen {
			return 0, false, err
		}
	}
	if f.dead {
		return 0, false, ErrIndex
	}
	slot = int(f.rspCons & f.slots.mask)
	copy(bytesOf(rsp), f.slots.at(f.rspCons))
	f.rspCons++
	return slot, true, nil
}

// Next is the number of the slot that the next request goes to.
func (f *Front[Req, Rsp]) Next() int { return int(f.reqProd & f.slots.mask) }

// Pending is how many responses can be taken. The error is ErrIndex.
func (f *Front[Req, Rsp]) Pending() (int, error) {
	if err := f.look(); err != nil {
		return 0, err
	}
	return int(f.rspSeen - f.rspCons), nil
}

// FinalCheck comes before sleep: from now on the back end notifies when it has put the after'th response from here, and more
// tells that it has, so that there will be no event. The error is ErrIndex.
func (f *Front[Req, Rsp]) FinalCheck(after int) (more bool, err error) {
	// The wish is seen before the index is read.
	atomic.StoreUint32(&f.shared.RspEvent, f.rspCons+uint32(after))
	if err := f.look(); err != nil {
		return false, err
	}
	return int(f.rspSeen-f.rspCons) >= after, nil
}

// look reads the back end's index. There can't be more responses than requests that the back end knows.
func (f *Front[Req, Rsp]) look() error {
	prod := atomic.LoadUint32(&f.shared.RspProd) // before the responses below it
	if f.dead || prod-f.rspCons > f.reqPushed-f.rspCons || prod-f.rspCons < f.rspSeen-f.rspCons {
		f.dead = true
		return ErrIndex
	}
	f.rspSeen = prod
	return nil
}
