package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tuco/guestlib/frontend"
	"tuco/hypercall"
)

// A device is one of which this program is the front end, with no library between.
type device struct {
	domain      frontend.Domain
	store       frontend.Store
	front, back string
	peer        hypercall.DomID
	state       frontend.Watch   // of the back end
	ready       int              // the state in which the front end proposes
	channel     frontend.Channel // of the last proposal
	shared      []frontend.Shared
}

// open finds a device's directories. Its front ends propose in the state ready.
func open(domain frontend.Domain, path string, ready int) (*device, error) {
	store, err := domain.Store()
	if err != nil {
		return nil, err
	}
	d := &device{domain: domain, store: store, front: path, ready: ready}
	if d.back, err = store.Read(path + "/backend"); err != nil {
		return nil, err
	}
	d.state, err = store.Watch(d.back + "/state")
	return d, err
}

// The states that are of interest here.
const (
	initialising, initWait, initialised, connected, closing, closed = 1, 2, 3, 4, 5, 6
)

// await waits until the back end is in one of some states.
func (d *device) await(want ...int) (int, error) {
	const patience = 2 * time.Minute
	late := time.After(patience)
	for {
		text, err := d.store.Read(d.back + "/state")
		if err != nil {
			return 0, err
		}
		state, err := strconv.Atoi(text)
		if err != nil || slices.Contains(want, state) {
			return state, err
		}
		select {
		case <-d.state.Changed():
		case <-late:
			return 0, fmt.Errorf("%s: the back end is still in state %d, and not in any of %v", d.front, state, want)
		}
	}
}

// say writes nodes of the front end's directory, and its state.
func (d *device) say(state int, nodes map[string]string) error {
	all := map[string]string{d.front + "/state": strconv.Itoa(state)}
	for name, value := range nodes {
		all[d.front+"/"+name] = value
	}
	return d.store.WriteAll(all)
}

// begin begins anew: nothing is left of what was.
func (d *device) begin() error {
	if err := d.say(initialising, nil); err != nil {
		return err
	}
	if _, err := d.await(initWait); err != nil {
		return err
	}
	for _, s := range d.shared { // which the back end has let go
		d.domain.Unshare(s)
	}
	d.shared = nil
	if d.channel != nil {
		if err := d.channel.Close(); err != nil {
			return err
		}
	}
	var err error
	d.channel, err = d.domain.Listen(d.peer)
	return err
}

// share shares pages until the device begins anew.
func (d *device) share(pages int, readOnly bool) (frontend.Shared, error) {
	s, err := d.domain.Share(d.peer, pages, readOnly)
	if err == nil {
		d.shared = append(d.shared, s)
	}
	return s, err
}

// propose proposes something after begin, and tells what came of it.
func (d *device) propose(nodes map[string]string) (state int, err error) {
	if nodes["event-channel"] == "" {
		nodes["event-channel"] = fmt.Sprint(d.channel.Port())
	}
	if err := d.say(d.ready, nodes); err != nil {
		return 0, err
	}
	return d.await(connected, closing)
}

// disconnected waits for the back end to close the device, for a reason that names why.
func (d *device) disconnected(what, why string) error {
	if _, err := d.await(closing); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	reason, err := d.store.Read(d.back + "/error")
	if err != nil {
		return err
	}
	if !strings.Contains(reason, why) {
		return fmt.Errorf("%s: %s: disconnected for another reason than %q: %s", d.front, what, why, reason)
	}
	refused(d.front+": "+what, "disconnected: "+reason)
	return nil
}

// notify sends the back end an event. If it has just given the device up there is nobody to hear it.
func (d *device) notify() { _ = d.channel.Notify() }

// event waits for an event, or for the device's end.
func (d *device) event() {
	const glance = 100 * time.Millisecond
	ctx, cancel := context.WithTimeout(context.Background(), glance)
	defer cancel()
	_ = d.channel.Wait(ctx)
}

// errRefused says that what is sound was refused.
var errRefused = errors.New("a sound proposal is refused")

// works has something done that needs a connection. After a storm the back end may still be at what was proposed then: it is asked again.
func (d *device) works(do func() error) (err error) {
	const tries = 5
	for range tries {
		if err = do(); !errors.Is(err, errRefused) {
			return err
		}
	}
	return err
}

// storm comes and goes without waiting for the back end, which has to be there for the last time.
func (d *device) storm() error {
	const times = 100
	for i := range times {
		if err := d.say([...]int{initialising, d.ready, connected, closing, closed}[i%5], nil); err != nil {
			return err
		}
	}
	refused(d.front+": a storm of connections", "it was waited for")
	return nil
}
