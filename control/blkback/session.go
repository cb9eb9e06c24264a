package blkback

import (
	"context"
	"sync"
	"time"

	"tuco/control/backend"
	"tuco/control/limit"
	"tuco/guestlib/frontend"
	"tuco/ring"
	"tuco/ring/blkif"
)

// session implements backend.Session: a device that is connected.
type session struct {
	driver  *Driver
	config  Config
	peer    *backend.Peer
	sectors uint64 // of the device

	memory  backend.Mapping // of the ring
	channel frontend.Channel
	kept    *kept // nil if the front end doesn't use pages again

	mu   sync.Mutex // for the ring, which has one user at a time
	ring blkif.Back

	budget budget
	run    context.Context
	stop   context.CancelFunc
	done   chan struct{} // closed when no more requests are taken

	ended chan struct{} // closed with err set
	err   error
}

// begin begins to take requests.
func (s *session) begin(memory backend.Mapping, channel frontend.Channel) {
	s.memory, s.channel = memory, channel
	s.ring = ring.MakeBack[blkif.Request, blkif.Response](memory.Bytes())
	s.budget.free.L = &s.budget.mu
	s.run, s.stop = context.WithCancel(context.Background())
	s.done = make(chan struct{})
	go func() {
		defer close(s.done)
		if err := s.serve(); s.run.Err() == nil {
			s.err = err
			close(s.ended)
		}
	}()
}

// Ended implements backend.Session.
func (s *session) Ended() <-chan struct{} { return s.ended }

// Err implements backend.Session.
func (s *session) Err() error { return s.err }

// Close implements backend.Session.
func (s *session) Close() {
	s.stop()
	<-s.done
	s.budget.idle()
	_ = s.channel.Close()
	if s.kept != nil {
		s.kept.close()
	}
	if err := s.memory.Close(); err != nil {
		s.config.Log.Error("the ring stays mapped", "device", s.peer.String(), "reason", err)
	}
}

// serve takes requests whenever there is an event, until it can't or must not.
func (s *session) serve() error {
	var idle limit.Idle
	for {
		if err := s.channel.Wait(s.run); err != nil {
			return err
		}
		s.driver.stats.events.Add(1)
		taken, err := s.drain()
		if err != nil {
			return err
		}
		if wait := idle.Looked(taken); wait > 0 {
			if err := s.pause(wait); err != nil {
				return err
			}
		}
	}
}

// drain takes all requests that there are. It tells whether there were any.
func (s *session) drain() (taken bool, err error) {
	for s.run.Err() == nil {
		var request blkif.Request
		s.mu.Lock()
		ok, err := s.ring.Take(&request)
		more := ok
		if err == nil && !ok {
			more, err = s.ring.FinalCheck()
		}
		s.mu.Unlock()
		switch {
		case err != nil:
			return taken, backend.Misbehaved("%w", err)
		case ok:
			taken = true
			s.start(&request)
		case !more:
			return taken, nil
		}
	}
	return taken, s.run.Err()
}

// pause waits for a time, or until the session ends.
func (s *session) pause(d time.Duration) error {
	select {
	case <-s.config.Clock.After(d):
		return nil
	case <-s.run.Done():
		return s.run.Err()
	}
}

// answer puts a response into the ring.
func (s *session) answer(id uint64, op blkif.Op, status blkif.Status) {
	s.mu.Lock()
	s.ring.Put(&blkif.Response{ID: id, Op: op, Status: status})
	notify := s.ring.Push()
	s.mu.Unlock()
	if notify {
		s.driver.stats.notifications.Add(1)
		_ = s.channel.Notify() // a front end that is gone needs none
	}
}
