package netfront

import (
	"sync"

	"tuco/guestlib/frontend"
	"tuco/hypercall"
	"tuco/ring"
	"tuco/ring/netif"
)

// sender is the half that sends.
type sender struct {
	connection *frontend.Connection

	mu    sync.Mutex
	room  sync.Cond // pages became free, or the connection ended
	err   error     // why it ended
	ring  netif.TXFront
	pages []txPage // by a request's ID
	free  []uint16
	spare []txPage // that no ID has yet

	sent, notifications, errors uint64
}

// txPage is a page for a frame. Pages are shared, some at a time, when they are needed first.
type txPage struct {
	memory []byte
	ref    hypercall.GrantRef
	busy   bool // it is on its way
}

// prepare makes the ring.
func (s *sender) prepare(c *frontend.Connection) (hypercall.GrantRef, error) {
	shared, err := c.Share(1, false)
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connection = c
	s.ring = ring.MakeFront[netif.TXRequest, netif.TXResponse](shared.Memory)
	s.pages = make([]txPage, s.ring.Size())
	for i := range s.pages {
		s.free = append(s.free, uint16(len(s.pages)-1-i))
	}
	return shared.Refs[0], nil
}

// send sends frames. Failed says that the back end is the reason of the error, and the connection has to end.
func (s *sender) send(frames []Frame) (n int, failed bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.push()
	for n < len(frames) {
		frame := frames[n].Data
		switch {
		case s.err != nil:
			return n, false, s.err
		case len(frame) > MaxFrame:
			return n, false, ErrTooLong
		case len(frame) < MinFrame:
			return n, false, ErrTooShort
		}
		if len(s.free) == 0 {
			if err := s.wait(); err != nil {
				return n, true, err
			}
			continue
		}
		if err := s.put(frame); err != nil {
			return n, false, err
		}
		n++
	}
	return n, false, nil
}

// put puts a frame into the ring. There is room: there are as many pages as slots.
func (s *sender) put(frame []byte) error {
	id := s.free[len(s.free)-1]
	p := &s.pages[id]
	if p.memory == nil {
		if err := s.share(); err != nil {
			return err
		}
		*p, s.spare = s.spare[0], s.spare[1:]
	}
	s.free = s.free[:len(s.free)-1]
	copy(p.memory, frame)
	p.busy = true
	s.ring.Put(&netif.TXRequest{Ref: p.ref, ID: id, Size: uint16(len(frame))})
	s.sent++
	return nil
}

// share sees to it that there is a spare page.
func (s *sender) share() error {
	const atOnce = 8
	if len(s.spare) > 0 {
		return nil
	}
	shared, err := s.connection.Share(atOnce, true)
	for i, ref := range shared.Refs {
		s.spare = append(s.spare, txPage{memory: shared.Memory[i*frontend.PageSize:][:frontend.PageSize], ref: ref})
	}
	return err
}

// wait takes responses, or else waits for an event.
func (s *sender) wait() error {
	s.push()
	if n, err := s.reap(); n > 0 || err != nil {
		return err
	}
	const some = 4 // one event for a quarter of what is on its way
	more, err := s.ring.FinalCheck(max(s.ring.Unanswered()/some, 1))
	if err != nil {
		return s.connection.Misbehaved("%w", err)
	}
	if !more {
		s.room.Wait()
	}
	return nil
}

// reap takes responses.
func (s *sender) reap() (n int, err error) {
	for {
		var rsp netif.TXResponse
		_, ok, err := s.ring.Take(&rsp)
		switch {
		case err != nil:
			return n, s.connection.Misbehaved("%w", err)
		case !ok:
			return n, nil
		case int(rsp.ID) >= len(s.pages) || !s.pages[rsp.ID].busy:
			return n, s.connection.Misbehaved("a response to frame %d, which is not there", rsp.ID)
		}
		switch rsp.Status {
		case netif.StatusOK:
		case netif.StatusError, netif.StatusDropped:
			s.errors++
		default:
			return n, s.connection.Misbehaved("status %d of a frame sent", rsp.Status)
		}
		s.pages[rsp.ID].busy = false
		s.free = append(s.free, rsp.ID)
		n++
	}
}

// push shows the back end what was put.
func (s *sender) push() {
	if s.err == nil && s.ring.Push() {
		s.notifications++
		s.connection.Notify()
	}
}

// event looks for responses.
func (s *sender) event() (reason bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return false, nil
	}
	n, err := s.reap()
	s.room.Broadcast()
	return n > 0, err
}

func (s *sender) lost(reason error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = reason
	s.room.Broadcast()
}
