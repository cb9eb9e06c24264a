package ring

import "sync/atomic"

// Back is the back end's side of a ring: it takes requests and puts responses. One goroutine at a time may use it.
type Back[Req, Rsp any] struct {
	shared *Header
	slots  slots[Req, Rsp]

	rspProd   uint32 // responses below it have been put
	rspPushed uint32 // the front end knows of those below it
	reqCons   uint32 // requests below it have been taken
	reqSeen   uint32 // those below it are there
	dead      bool
}

// MakeBack joins a ring that a front end made. It begins where the responses end, so it may take over from a back end that
// stopped: requests that have no response yet come again. The index is the front end's to write too, but where a
// ring begins harms nobody.
func MakeBack[Req, Rsp any](memory []byte) Back[Req, Rsp] {
	h, s := split[Req, Rsp](memory)
	at := atomic.LoadUint32(&h.RspProd)
	return Back[Req, Rsp]{shared: h, slots: s, rspProd: at, rspPushed: at, reqCons: at, reqSeen: at}
}

// Size is how many slots the ring has.
func (b *Back[Req, Rsp]) Size() int { return int(b.slots.mask) + 1 }

// Unanswered is how many requests have been taken for which no response has been put.
func (b *Back[Req, Rsp]) Unanswered() int { return int(b.reqCons - b.rspProd) }

// Take takes a request, if there is one. The error is ErrIndex.
func (b *Back[Req, Rsp]) Take(req *Req) (ok bool, err error) {
	if b.reqCons == b.reqSeen {
		if err := b.look(); err != nil || b.reqCons == b.reqSeen {
			return false, err
		}
	}
	if b.dead {
		return false, ErrIndex
	}
	copy(bytesOf(req), b.slots.at(b.reqCons))
	b.reqCons++
	return true, nil
}

// Put puts a response, for the next Push. It tells whether a request was taken before that has none.
func (b *Back[Req, Rsp]) Put(rsp *Rsp) bool {
	if b.Unanswered() == 0 {
		return false
	}
	slot := b.slots.at(b.rspProd)
	clear(slot[copy(slot, bytesOf(rsp)):])
	b.rspProd++
	return true
}

// Push shows the front end what has been put. It tells whether the front end wants to be notified.
func (b *Back[Req, Rsp]) Push() (notify bool) {
	before := b.rspPushed
	b.rspPushed = b.rspProd
	// The responses are seen before the index, and the index before the front end's wish is read.
	atomic.StoreUint32(&b.shared.RspProd, b.rspProd)
	return b.rspProd-atomic.LoadUint32(&b.shared.RspEvent) < b.rspProd-before
}

// FinalCheck comes before sleep: from now on the front end notifies when it puts the next request, and more tells that it
// has, so that there will be no event. The error is ErrIndex.
func (b *Back[Req, Rsp]) FinalCheck() (more bool, err error) {
	// The wish is seen before the index is read.
	atomic.StoreUint32(&b.shared.ReqEvent, b.reqCons+1)
	if err := b.look(); err != nil {
		return false, err
	}
	return b.reqSeen != b.reqCons, nil
}

// look reads the front end's index. A request can't be where a response is that may not have been taken yet.
func (b *Back[Req, Rsp]) look() error {
	prod := atomic.LoadUint32(&b.shared.ReqProd) // before the requests below it
	if b.dead || prod-b.rspProd > uint32(b.Size()) || prod-b.rspProd < b.reqSeen-b.rspProd {
		b.dead = true
		return ErrIndex
	}
	b.reqSeen = prod
	return nil
}
