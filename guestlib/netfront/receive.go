package netfront

import (
	"sync"

	"tuco/guestlib/frontend"
	"tuco/hypercall"
	"tuco/ring"
	"tuco/ring/netif"
)

// receiver is the half that receives.
type receiver struct {
	connection *frontend.Connection

	mu     sync.Mutex
	ready  sync.Cond // frames have come, or the connection ended
	err    error     // why it ended
	ring   netif.RXFront
	memory []byte // a page for each slot
	refs   []hypercall.GrantRef
	asked  bool // for an event, since the last one
	stats  Stats
}

// prepare makes the ring, and puts a request into each slot.
func (r *receiver) prepare(c *frontend.Connection) (hypercall.GrantRef, error) {
	shared, err := c.Share(1, false)
	if err != nil {
		return 0, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.connection = c
	r.ring = ring.MakeFront[netif.RXRequest, netif.RXResponse](shared.Memory)
	pages, err := c.Share(r.ring.Size(), false)
	if err != nil {
		return 0, err
	}
	r.memory, r.refs = pages.Memory, pages.Refs
	for r.ring.Free() > 0 {
		r.put()
	}
	r.ring.Push() // the back end looks when it comes
	return shared.Refs[0], nil
}

// put puts a request into the next slot, for that slot's page.
func (r *receiver) put() {
	slot := r.ring.Next()
	r.ring.Put(&netif.RXRequest{ID: uint16(slot), Ref: r.refs[slot]})
}

// push has the back end know of requests. It is told if it waits for some.
func (r *receiver) push() {
	if r.err == nil && r.ring.Push() {
		r.stats.ReceivedNotify++
		r.connection.Notify()
	}
}

// receive waits for frames. Failed says that the back end is the reason of the error, and the connection has to end.
func (r *receiver) receive(frames []Frame) (n int, failed bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		if r.err != nil {
			return 0, false, r.err
		}
		taken := 0
		for ; n < len(frames); taken++ {
			var rsp netif.RXResponse
			slot, ok, err := r.ring.Take(&rsp)
			if err != nil {
				return n, true, r.connection.Misbehaved("%w", err)
			}
			if !ok {
				break
			}
			good, err := r.copyOut(slot, &rsp, &frames[n])
			if err != nil {
				return n, true, err
			}
			if good {
				n++
			}
			r.put() // the same slot, for all others are full
		}
		if taken > 0 {
			r.push()
		}
		if n > 0 || len(frames) == 0 {
			r.stats.Received += uint64(n)
			return n, false, nil
		}
		r.asked = true
		more, err := r.ring.FinalCheck(1)
		if err != nil {
			return 0, true, r.connection.Misbehaved("%w", err)
		}
		if !more {
			r.ready.Wait()
		}
	}
}

// copyOut takes a frame out of a slot's page. It is not good if there is none, or if it has to be dropped.
func (r *receiver) copyOut(slot int, rsp *netif.RXResponse, frame *Frame) (good bool, err error) {
	const notOffered = netif.RXMoreData | netif.RXExtraFollows | netif.RXGSOPrefix
	offset, size := int(rsp.Offset), int(rsp.Status)
	switch {
	case int(rsp.ID) != slot:
		return false, r.connection.Misbehaved("a response to page %d in the slot of page %d", rsp.ID, slot)
	case rsp.Status == netif.StatusError || rsp.Status == netif.StatusDropped:
		r.stats.ReceiveErrors++
		return false, nil
	case size < 0:
		return false, r.connection.Misbehaved("status %d of a frame received", size)
	case offset+size > frontend.PageSize:
		return false, r.connection.Misbehaved("a frame of %d bytes at %d in a page", size, offset)
	case rsp.Flags&notOffered != 0:
		return false, r.connection.Misbehaved("a frame with flags %#x, which were not offered", rsp.Flags)
	case size < MinFrame:
		r.stats.TooShort++
		return false, nil
	case size > cap(frame.Data):
		r.stats.TooLong++
		return false, nil
	}
	data := frame.Data[:size]
	copy(data, r.memory[slot*frontend.PageSize+offset:])
	blank := rsp.Flags&netif.RXChecksumBlank != 0
	if blank && !fillChecksum(data) {
		r.stats.NoChecksum++
		return false, nil
	}
	frame.Data, frame.Checked = data, blank || rsp.Flags&netif.RXDataValidated != 0
	return true, nil
}

// event wakes who waits.
func (r *receiver) event() (reason bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.Events++
	if r.err != nil {
		return false, nil
	}
	n, err := r.ring.Pending()
	if err != nil {
		return true, r.connection.Misbehaved("%w", err)
	}
	reason, r.asked = r.asked && n > 0, false
	r.ready.Broadcast()
	return reason, nil
}

func (r *receiver) lost(reason error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = reason
	r.ready.Broadcast()
}
