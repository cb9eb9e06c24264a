package netback

import (
	"context"
	"errors"
	"sync"

	"tuco/control/backend"
	"tuco/control/limit"
	"tuco/control/packet"
	"tuco/guestlib/frontend"
	"tuco/hypercall"
	"tuco/ring"
	"tuco/ring/netif"
)

// session is an interface that is connected.
type session struct {
	nic     *NIC
	machine backend.Machine
	guest   hypercall.DomID
	rings   [2]backend.Mapping
	channel frontend.Channel
	tx      sender
	rx      receiver

	stop   context.CancelFunc
	worker sync.WaitGroup
	ended  chan struct{}
	once   sync.Once
	err    error
}

// connect maps the rings that a front end proposes.
func connect(n *NIC, p *backend.Peer, takes packet.Takes, scatter bool) (s *session, err error) {
	s = &session{nic: n, machine: p.Machine, guest: p.Domain, ended: make(chan struct{})}
	defer func() {
		if err != nil {
			s, err = nil, errors.Join(err, s.unmap())
		}
	}()
	for i, node := range [...]string{netif.KeyTXRingRef, netif.KeyRXRingRef} {
		if s.rings[i], err = p.Map(node); err != nil {
			return s, err
		}
	}
	if s.channel, err = p.Bind(netif.KeyEventChannel); err != nil {
		return s, err
	}
	s.tx = sender{session: s, ring: ring.MakeBack[netif.TXRequest, netif.TXResponse](s.rings[0].Bytes()), buffer: make([]byte, bufferSize)}
	s.rx = receiver{session: s, ring: ring.MakeBack[netif.RXRequest, netif.RXResponse](s.rings[1].Bytes()), takes: takes, scatter: scatter}
	return s, nil
}

// unmap gives back what the session has of the guest's.
func (s *session) unmap() (err error) {
	if s.channel != nil {
		err = s.channel.Close()
	}
	for _, m := range s.rings {
		if m != nil {
			err = errors.Join(err, m.Close())
		}
	}
	return err
}

// start begins the work.
func (s *session) start() {
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.worker.Go(func() { s.run(ctx) })
}

// run works whenever the guest has an event. One that has many with nothing behind them has to wait.
func (s *session) run(ctx context.Context) {
	var idle limit.Idle
	for {
		if err := s.channel.Wait(ctx); err != nil {
			if ctx.Err() == nil {
				s.fail(err)
			}
			return
		}
		s.nic.Stats.Events.Add(1)
		worked := false
		for more := true; more; {
			sent, err := s.tx.work()
			if err != nil {
				s.fail(err)
				return
			}
			gave, received := s.rx.work()
			worked = worked || sent || gave
			more = (sent || received) && ctx.Err() == nil
		}
		if wait := idle.Looked(worked); wait > 0 {
			select {
			case <-s.nic.Clock.After(wait):
			case <-ctx.Done():
			}
		}
	}
}

// fail ends the session for a reason, if it has not ended.
func (s *session) fail(reason error) {
	s.once.Do(func() {
		s.err = reason
		close(s.ended)
	})
}

// notify sends the guest an event.
func (s *session) notify() {
	s.nic.Stats.Notified.Add(1)
	_ = s.channel.Notify() // if the guest is gone, so will the device be
}

// Ended implements backend.Session.
func (s *session) Ended() <-chan struct{} { return s.ended }

// Err implements backend.Session.
func (s *session) Err() error { return s.err }

// Close implements backend.Session.
func (s *session) Close() {
	s.nic.left(s)
	s.stop()
	s.worker.Wait()
	s.rx.close()
	_ = s.unmap() // there is nobody to whom it matters
}
