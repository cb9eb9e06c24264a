package blk

import (
	"errors"
	"sync"

	"tuco/guestlib/frontend"
	"tuco/hypercall"
	"tuco/ring/blkif"
)

// link is a device's connection. The lock is for all of it but the connection itself and, once it is connected, info and flush.
type link struct {
	connection *frontend.Connection
	info       Info
	flush      blkif.Op // the operation that flushes, or 0

	mu    sync.Mutex
	room  sync.Cond // slots or pages became free, or the connection ended
	err   error     // why it ended
	ring  blkif.Front
	slots []slot
	free  []int // slots, by number; a request's ID is its slot's
	pages []page
	ops   *op // those that are not in use
	stats Stats
}

// slot is a request that is on its way, if it has an op.
type slot struct {
	op    *op
	asked blkif.Op // which the response has to repeat
	from  int64    // the byte of the device at which its data begins
	pages []page
	list  page // of segments, for an indirect request
}

// page is shared with the back end as long as the connection lasts.
type page struct {
	memory []byte
	ref    hypercall.GrantRef
}

// op is a call that waits for its requests.
type op struct {
	p       []byte // the caller's memory
	off     int64  // where it is on the device
	pending int    // requests that are on their way, and one more while others will follow
	err     error
	done    chan struct{}
	next    *op
}

// begin is an op. The lock is held.
func (l *link) begin(p []byte, off int64) *op {
	o := l.ops
	if o == nil {
		o = &op{done: make(chan struct{}, 1)}
	} else {
		l.ops = o.next
	}
	*o = op{p: p, off: off, pending: 1, done: o.done}
	return o
}

// end shows the back end all requests, waits for those of an op, and releases the lock.
func (l *link) end(o *op) error {
	l.push()
	if o.pending--; o.pending > 0 {
		l.mu.Unlock()
		<-o.done
		l.mu.Lock()
	}
	err := o.err
	*o = op{done: o.done, next: l.ops}
	l.ops = o
	l.mu.Unlock()
	return err
}

// answered is the end of one request of an op.
func (o *op) answered(err error) {
	if o.err == nil {
		o.err = err
	}
	if o.pending--; o.pending == 0 {
		o.done <- struct{}{}
	}
}

// acquire waits for a free slot, and for a page unless none is needed. What was put before is pushed, so that it comes.
func (l *link) acquire(pages bool) (id int, err error) {
	for {
		switch {
		case l.err != nil:
			return 0, l.err
		case len(l.free) > 0 && (!pages || l.havePage()):
			id = l.free[len(l.free)-1]
			l.free = l.free[:len(l.free)-1]
			return id, nil
		}
		l.push()
		l.room.Wait()
	}
}

// havePage tells whether there is a page, and shares some more if there may be more.
func (l *link) havePage() bool {
	if len(l.pages) > 0 {
		return true
	}
	n := min(pagesAtOnce, maxPages-l.stats.Pages)
	if n == 0 {
		return false
	}
	shared, err := l.connection.Share(n, false)
	if err != nil {
		return false // one will come back; there are some, for Accept saw to that
	}
	l.stats.Pages += n
	for i, ref := range shared.Refs {
		l.pages = append(l.pages, page{shared.Memory[i*frontend.PageSize:][:frontend.PageSize], ref})
	}
	return true
}

func (l *link) takePage() page {
	p := l.pages[len(l.pages)-1]
	l.pages = l.pages[:len(l.pages)-1]
	return p
}

// put puts a request of an op into the ring. There is room: there are as many slots here as there.
func (l *link) put(id int, o *op, asked blkif.Op, req *blkif.Request) {
	s := &l.slots[id]
	s.op, s.asked = o, asked
	o.pending++
	l.ring.Put(req)
	l.stats.Requests++
}

// push shows the back end what was put.
func (l *link) push() {
	if l.err == nil && l.ring.Push() {
		l.stats.Notifications++
		l.connection.Notify()
	}
}

// do makes a request without data, and waits for its end.
func (l *link) do(req blkif.Request) error {
	l.mu.Lock()
	o := l.begin(nil, 0)
	if id, err := l.acquire(false); err != nil {
		o.err = err
	} else {
		req.ID = uint64(id)
		l.put(id, o, req.Op, &req)
	}
	return l.end(o)
}

func (l *link) discard(off, length int64) error {
	return l.do(blkif.Discard(0, uint64(off/blkif.SectorSize), uint64(length/blkif.SectorSize)))
}

// failed is why the connection ended, or nil.
func (l *link) failed() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Lost implements frontend.Driver: whoever waits gets the reason.
func (l *link) Lost(reason error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = reason
	for i := range l.slots {
		if o := l.slots[i].op; o != nil {
			l.slots[i].op = nil
			o.answered(reason)
		}
	}
	l.room.Broadcast()
}

// Event implements frontend.Driver: responses are there.
func (l *link) Event() (reason bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.Events++
	for more := true; more && l.err == nil; {
		var rsp blkif.Response
		for {
			_, ok, err := l.ring.Take(&rsp)
			if err != nil {
				return true, l.connection.Misbehaved("%w", err)
			}
			if !ok {
				break
			}
			reason = true
			if err := l.answer(&rsp); err != nil {
				return true, err
			}
		}
		if more, err = l.ring.FinalCheck(1); err != nil {
			return true, l.connection.Misbehaved("%w", err)
		}
	}
	l.room.Broadcast()
	return reason, nil
}

// answer takes a response.
func (l *link) answer(rsp *blkif.Response) error {
	if rsp.ID >= uint64(len(l.slots)) || l.slots[rsp.ID].op == nil {
		return l.connection.Misbehaved("a response to request %d, which is not there", rsp.ID)
	}
	s := &l.slots[rsp.ID]
	if rsp.Op != s.asked {
		return l.connection.Misbehaved("a response for operation %d to a request for %d", rsp.Op, s.asked)
	}
	var err error
	switch rsp.Status {
	case blkif.StatusOK:
		if s.asked == blkif.OpRead {
			s.copyOut()
		}
	case blkif.StatusError:
		err = ErrIO
	case blkif.StatusUnsupported:
		err = errors.ErrUnsupported
	default:
		return l.connection.Misbehaved("status %d", rsp.Status)
	}
	o := s.op
	s.op = nil
	l.pages = append(l.pages, s.pages...)
	s.pages = s.pages[:0]
	if s.list.memory != nil {
		l.pages = append(l.pages, s.list)
		s.list = page{}
	}
	l.free = append(l.free, int(rsp.ID))
	o.answered(err)
	return nil
}
