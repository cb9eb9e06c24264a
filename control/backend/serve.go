package backend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strconv"

	"tuco/control/limit"
	"tuco/guestlib/frontend"
	"tuco/hypercall"
)

// Config is what a back end needs to serve devices.
type Config struct {
	Store   frontend.Store
	Machine Machine
	Self    hypercall.DomID // the domain that it runs in
	Clock   limit.Clock
	Log     *slog.Logger
}

// How often a front end may come: so many times at once, and so many per second from then on.
const (
	connectBurst = 8
	connectRate  = 1
)

// server serves one device.
type server struct {
	Config
	peer    Peer
	driver  Driver
	back    string
	state   hypercall.XenbusState // ours, as the store has it
	session Session
	comes   *limit.Bucket
	closing <-chan struct{} // closed when the device is to go
	log     *slog.Logger
}

// Serve serves a device until its front end's directory is gone, or until closing is closed and the front end has parted, or has been
// given the time to; the state is Closed then. When the context ends it drains the session and leaves the states as they are, for the
// next daemon. The error is the store's.
func Serve(ctx context.Context, c Config, device Device, driver Driver, closing <-chan struct{}) error {
	s := &server{
		Config: c, peer: Peer{Device: device, Machine: c.Machine, store: c.Store, self: c.Self}, driver: driver, back: device.Back(c.Self),
		comes: limit.New(connectRate, connectBurst), closing: closing, log: c.Log.With("device", device.String()),
	}
	watch, err := c.Store.Watch(device.Front() + "/state")
	if err != nil {
		return fmt.Errorf("%s: %w", device, err)
	}
	defer watch.Stop()
	defer s.drop()
	if err := s.begin(); err != nil {
		return fmt.Errorf("%s: %w", device, err)
	}
	if err := s.follow(ctx, watch); err != nil && ctx.Err() == nil {
		return fmt.Errorf("%s: %w", device, err)
	}
	return nil
}

// begin finds out whether the device was served before.
func (s *server) begin() error {
	v, err := number(s.Store, s.back+"/state", uint64(hypercall.XenbusStateReconfigured))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s.state = hypercall.XenbusState(v)
	if s.state == hypercall.XenbusStateConnected {
		return nil // step takes over, if the front end is still there
	}
	return s.offer()
}

// follow follows the front end's state.
func (s *server) follow(ctx context.Context, watch frontend.Watch) error {
	for {
		var ended <-chan struct{}
		if s.session != nil {
			ended = s.session.Ended()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.closing:
			return s.part(ctx, watch)
		case <-ended:
			if err := s.fail(s.session.Err()); err != nil {
				return err
			}
		case _, ok := <-watch.Changed():
			if !ok {
				return frontend.ErrStoreLost
			}
			if gone, err := s.step(ctx); gone || err != nil {
				return err
			}
		}
	}
}

// step does what the front end's state asks for. It tells whether the front end is gone.
func (s *server) step(ctx context.Context) (gone bool, err error) {
	state, gone, err := s.frontState()
	switch {
	case err != nil:
		return false, s.fail(err)
	case gone:
		s.drop()
		return true, s.set(hypercall.XenbusStateClosed, nil)
	}
	switch {
	case state == hypercall.XenbusStateInitialising || state == hypercall.XenbusStateInitWait:
		return false, s.again(ctx)
	case state >= s.driver.Ready() && state <= hypercall.XenbusStateConnected:
		if s.session != nil || s.state == hypercall.XenbusStateClosing {
			return false, nil // in the latter case it has to begin again
		}
		return false, s.connect(ctx)
	case state == hypercall.XenbusStateClosing:
		return false, s.set(hypercall.XenbusStateClosing, nil)
	case state == hypercall.XenbusStateClosed:
		s.drop()
		return false, s.set(hypercall.XenbusStateClosed, nil)
	}
	return false, nil // on its way
}

// frontState is the front end's state, or that it has no directory.
func (s *server) frontState() (state hypercall.XenbusState, gone bool, err error) {
	v, err := number(s.Store, s.peer.Front()+"/state", uint64(hypercall.XenbusStateReconfigured))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, true, nil
	}
	return hypercall.XenbusState(v), false, err
}

// again is for a front end that begins, perhaps not for the first time: what was before is over, if it has closed that or not.
func (s *server) again(ctx context.Context) error {
	if s.state == hypercall.XenbusStateInitWait {
		return nil
	}
	s.drop()
	if err := s.pace(ctx); err != nil {
		return err
	}
	return s.offer()
}

// pace waits if the front end comes too often.
func (s *server) pace(ctx context.Context) error {
	wait := s.comes.Take(1, s.Clock.Now())
	if wait == 0 {
		return nil
	}
	select {
	case <-s.Clock.After(wait):
		return nil
	case <-s.closing:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *server) offer() error {
	return s.set(hypercall.XenbusStateInitWait, s.driver.Offer())
}

// connect connects to what the front end proposes, or closes the device if that can't be.
func (s *server) connect(ctx context.Context) error {
	if err := s.pace(ctx); err != nil {
		return err
	}
	over := s.state == hypercall.XenbusStateConnected
	session, nodes, err := s.driver.Connect(&s.peer)
	if err != nil {
		return s.fail(err)
	}
	s.session = session
	s.log.Info("connected", "taken over", over)
	return s.write(hypercall.XenbusStateConnected, nodes)
}

// fail closes the device for a reason.
func (s *server) fail(reason error) error {
	s.drop()
	if s.state == hypercall.XenbusStateClosing {
		return nil // it was said
	}
	s.log.Warn("disconnected", "reason", reason)
	return s.set(hypercall.XenbusStateClosing, map[string]string{"error": reason.Error()})
}

// part is the end that the toolstack wants.
func (s *server) part(ctx context.Context, watch frontend.Watch) error {
	if err := s.set(hypercall.XenbusStateClosing, nil); err != nil {
		return err
	}
	patience := s.Clock.After(partPatience)
	for waiting := true; waiting; {
		state, gone, err := s.frontState()
		if waiting = !gone && err == nil && state != hypercall.XenbusStateClosed && state > hypercall.XenbusStateInitWait; !waiting {
			break
		}
		select {
		case _, ok := <-watch.Changed():
			waiting = ok
		case <-patience:
			waiting = false
		case <-ctx.Done():
			return nil
		}
	}
	s.drop()
	return s.set(hypercall.XenbusStateClosed, nil)
}

// drop gives back what the session has.
func (s *server) drop() {
	if s.session != nil {
		s.session.Close()
		s.session = nil
	}
}

// set comes to a state, unless it is there already.
func (s *server) set(state hypercall.XenbusState, more map[string]string) error {
	if state == s.state {
		return nil
	}
	return s.write(state, more)
}

func (s *server) write(state hypercall.XenbusState, more map[string]string) error {
	nodes := map[string]string{}
	for name, value := range more {
		nodes[s.back+"/"+name] = value
	}
	nodes[s.back+"/state"] = strconv.Itoa(int(state))
	if err := s.Store.WriteAll(nodes); err != nil {
		return err
	}
	s.state = state
	return nil
}
