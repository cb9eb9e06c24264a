package frontend

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"tuco/hypercall"
)

// Why a connection ended.
var (
	ErrClosed       = errors.New("the device is closed")
	ErrDisconnected = errors.New("the back end closed the device")
	ErrMisbehaved   = errors.New("the back end does what it must not")
)

// Driver is a front end's part in a connection.
type Driver interface {
	// Propose makes what is to be shared, and returns what the back end has to know of it: nodes for the front end's
	// directory. The back end has said what it can. The state is the one that the front end is in then: a block device's back
	// end connects when it is Initialised, a network interface's when it is Connected.
	Propose(*Connection) (nodes map[string]string, state hypercall.XenbusState, err error)

	// Accept looks at what the back end says of the device, now that it is connected.
	Accept(*Connection) error

	// Event is called when the back end has sent an event, by one goroutine. It tells whether there was a reason for
	// one. An error ends the connection.
	Event() (reason bool, err error)

	// Lost is called once, when the connection ends. After it, the driver may not touch what it has shared.
	Lost(reason error)
}

// Connection is a device that is connected, or about to be.
type Connection struct {
	Device
	Channel Channel

	domain Domain
	driver Driver

	mu     sync.Mutex
	shared []Shared
	reason error // why it ended
	silent bool  // it ends without a word to the back end
	held   bool  // the domain is being saved: see Saved

	released chan struct{} // has something when it is held no longer
	ended    chan struct{} // closed with reason set
	gone     chan struct{} // closed when nothing is left of it
}

// Connect connects the device with a directory in the store, such as "device/vbd/51712". The context is for the time until
// it is connected.
func Connect(ctx context.Context, domain Domain, path string, driver Driver) (*Connection, error) {
	device, err := find(domain, path)
	if err != nil {
		return nil, err
	}
	c := &Connection{Device: device, domain: domain, driver: driver,
		released: make(chan struct{}, 1), ended: make(chan struct{}), gone: make(chan struct{})}
	if err := c.connect(ctx); err != nil {
		c.Fail(err)
		if c.Channel != nil {
			_ = c.Channel.Close()
		}
		c.part()
		return nil, err
	}
	var events sync.WaitGroup
	events.Go(c.events)
	go func() {
		c.Fail(c.watch())
		_ = c.Channel.Close()
		events.Wait()
		c.part()
	}()
	return c, nil
}

// connect walks with the back end to Connected.
func (c *Connection) connect(ctx context.Context) (err error) {
	if err := c.restart(ctx); err != nil {
		return err
	}
	channel, err := c.domain.Listen(c.Peer)
	if err != nil {
		return fmt.Errorf("%s: no event channel: %w", c.Path, err)
	}
	c.Channel = channel // not before: with an error it may be a nil pointer, which is no nil interface
	nodes, state, err := c.driver.Propose(c)
	if err != nil {
		return err
	}
	nodes["event-channel"] = fmt.Sprint(c.Channel.Port())
	if err := c.setState(state, nodes); err != nil {
		return err
	}
	over := []hypercall.XenbusState{hypercall.XenbusStateClosing, hypercall.XenbusStateClosed, hypercall.XenbusStateUnknown}
	if _, err := c.await(ctx, []hypercall.XenbusState{hypercall.XenbusStateConnected}, over); err != nil {
		return err
	}
	if err := c.driver.Accept(c); err != nil {
		return err
	}
	if state == hypercall.XenbusStateConnected {
		return nil
	}
	return c.setState(hypercall.XenbusStateConnected, nil)
}

// restart comes to where both ends begin. What is left of a connection before this one is closed first.
func (c *Connection) restart(ctx context.Context) error {
	ready := []hypercall.XenbusState{hypercall.XenbusStateInitWait, hypercall.XenbusStateInitialised}
	state, err := c.backState()
	if err != nil {
		return err
	}
	if state == hypercall.XenbusStateConnected || state == hypercall.XenbusStateClosing {
		if err := c.setState(hypercall.XenbusStateClosed, nil); err != nil {
			return err
		}
		if _, err := c.await(ctx, append(ready, hypercall.XenbusStateClosed, hypercall.XenbusStateInitialising), nil); err != nil {
			return err
		}
	}
	if err := c.setState(hypercall.XenbusStateInitialising, nil); err != nil {
		return err
	}
	_, err = c.await(ctx, ready, nil)
	return err
}

// events takes the back end's events. One that sends many with nothing behind them has to wait.
func (c *Connection) events() {
	const free, longest = 16, 10
	idle := 0
	for {
		if err := c.Channel.Wait(context.Background()); err != nil {
			if !errors.Is(err, syscall.ENOTCONN) { // in a restored domain: another connection will come
				c.Fail(fmt.Errorf("%s: %w", c.Path, err))
			}
			return
		}
		reason, err := c.driver.Event()
		if err != nil {
			c.Fail(err)
			return
		}
		if idle++; reason {
			idle = 0
		}
		if idle > free {
			select {
			case <-time.After(time.Duration(min(idle-free, longest)) * time.Millisecond):
			case <-c.ended:
			}
		}
	}
}

// watch waits for the end, and returns why it came if the back end or the store is the reason.
func (c *Connection) watch() error {
	changed := c.state.Changed()
	lost := false // the store
	for {
		select {
		case <-c.ended:
			return nil
		case _, ok := <-changed:
			if lost = !ok; lost {
				changed = nil
			}
		case <-c.released:
		}
		if lost && !c.isHeld() {
			return fmt.Errorf("%s: %w", c.Path, ErrStoreLost)
		}
		state, err := c.backState()
		if (err != nil || state != hypercall.XenbusStateConnected) && !c.isHeld() {
			return fmt.Errorf("%s: %w", c.Path, ErrDisconnected)
		}
	}
}

// hold has the connection not end for what its back end does, or end for that again.
func (c *Connection) hold(held bool) {
	c.mu.Lock()
	c.held = held
	c.mu.Unlock()
	if !held {
		select {
		case c.released <- struct{}{}:
		default:
		}
	}
}

func (c *Connection) isHeld() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held
}

// part is the end: both ends close, if the back end has a mind to, and nothing stays shared.
func (c *Connection) part() {
	const patience = time.Second
	c.mu.Lock()
	silent, shared := c.silent, c.shared
	c.mu.Unlock()
	if !silent && c.setState(hypercall.XenbusStateClosing, nil) == nil && c.setState(hypercall.XenbusStateClosed, nil) == nil {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		// Whatever comes of it.
		_, _ = c.await(ctx, []hypercall.XenbusState{hypercall.XenbusStateClosed, hypercall.XenbusStateUnknown}, nil)
		cancel()
	}
	c.state.Stop()
	for _, s := range shared {
		c.domain.Unshare(s)
	}
	close(c.gone)
}

// Share shares pages for as long as the connection lasts.
func (c *Connection) Share(pages int, readOnly bool) (Shared, error) {
	s, err := c.domain.Share(c.Peer, pages, readOnly)
	if err != nil {
		return s, fmt.Errorf("%s: no memory to share: %w", c.Path, err)
	}
	c.mu.Lock()
	c.shared = append(c.shared, s)
	c.mu.Unlock()
	return s, nil
}

// Notify sends the back end an event. What may be wrong with it, the driver hears by Lost.
func (c *Connection) Notify() { _ = c.Channel.Notify() }

// Fail ends the connection for a reason; only the first one counts. The driver knows when Fail returns, if it is the one
// that ended it; what else there is to do is done elsewhere. A driver may not call it with a lock held that Lost takes.
func (c *Connection) Fail(reason error) {
	c.mu.Lock()
	first := c.reason == nil
	if first {
		c.reason = reason
	}
	c.mu.Unlock()
	if first {
		c.driver.Lost(reason)
		close(c.ended)
	}
}

// Close ends the connection, and returns when nothing is left of it.
func (c *Connection) Close() {
	c.Fail(ErrClosed)
	<-c.gone
}

// Drop ends the connection without a word to the back end, which isn't there any more: the domain was suspended and is
// resumed, perhaps on another machine. It returns when nothing is left of the connection.
func (c *Connection) Drop(reason error) {
	c.mu.Lock()
	c.silent = true
	c.mu.Unlock()
	c.Fail(reason)
	<-c.gone
}

// Misbehaved is ErrMisbehaved with which device's back end it is, and what it did.
func (c *Connection) Misbehaved(format string, args ...any) error {
	return fmt.Errorf("%s: %w: %w", c.Path, ErrMisbehaved, fmt.Errorf(format, args...))
}
