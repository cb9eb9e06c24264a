package main

import (
	"context"
	"errors"
	"sync"

	"tuco/control/backend"
	"tuco/guestlib/frontend"
)

// session implements backend.Session for a back end that plays.
type session struct {
	channel frontend.Channel
	rings   []backend.Mapping

	run   context.Context
	stop  context.CancelFunc
	done  chan struct{}
	once  sync.Once
	ended chan struct{}
}

// begin maps rings that nodes of the front end's directory name, and plays.
func begin(p *backend.Peer, nodes []string, play func(*session)) (s *session, err error) {
	s = &session{done: make(chan struct{}), ended: make(chan struct{})}
	for _, node := range nodes {
		ring, err := p.Map(node)
		if err != nil {
			return nil, err
		}
		s.rings = append(s.rings, ring)
	}
	if s.channel, err = p.Bind("event-channel"); err != nil {
		return nil, err
	}
	s.run, s.stop = context.WithCancel(context.Background())
	go func() {
		defer close(s.done)
		play(s)
	}()
	return s, nil
}

// wait waits for an event, and tells whether the connection lasts.
func (s *session) wait() bool { return s.channel.Wait(s.run) == nil }

func (s *session) notify() { _ = s.channel.Notify() }

// hangUp has the back end close the device.
func (s *session) hangUp() { s.once.Do(func() { close(s.ended) }) }

// Ended implements backend.Session.
func (s *session) Ended() <-chan struct{} { return s.ended }

// Err implements backend.Session.
func (s *session) Err() error { return errors.New("the back end has enough") }

// Close implements backend.Session.
func (s *session) Close() {
	s.stop()
	<-s.done
	_ = s.channel.Close()
	for _, ring := range s.rings {
		_ = ring.Close()
	}
}
