package model

import (
	"fmt"
	"maps"
	"strconv"
	"sync"

	"tuco/guestlib/frontend"
	"tuco/hypercall"
)

// end is a back end's side of a device.
type end struct {
	machine     Machine
	store       frontend.Store
	front, back string // directories

	ready   hypercall.XenbusState   // when the front end is in it, its back end connects
	connect func() (session, error) // does that

	mu       sync.Mutex
	session  session
	dead     bool
	override map[string]string // nodes that are written at the next connection in place of the true ones

	stop chan struct{}
	done chan struct{}
}

// session is what a back end has while it is connected.
type session interface{ close() }

// attach makes a device in the store, and a back end that walks with the front end.
func (e *end) attach(m Machine, ready hypercall.XenbusState, class, id string, device, features, properties map[string]string, connect func() (session, error)) {
	store, err := m.Store()
	if err != nil {
		panic(err) // a machine has one
	}
	e.machine, e.store, e.ready, e.connect = m, store, ready, connect
	e.front = fmt.Sprintf("/local/domain/%d/device/%s/%s", Guest, class, id)
	e.back = fmt.Sprintf("/local/domain/%d/backend/%s/%d/%s", Back, class, Guest, id)
	e.stop, e.done = make(chan struct{}), make(chan struct{})
	nodes := map[string]string{
		e.front + "/backend":    e.back,
		e.front + "/backend-id": strconv.Itoa(int(Back)),
		e.front + "/state":      state(hypercall.XenbusStateInitialising),
		e.back + "/frontend":    e.front,
		e.back + "/state":       state(hypercall.XenbusStateInitWait),
	}
	for name, value := range device {
		nodes[e.front+"/"+name] = value
	}
	for name, value := range features {
		nodes[e.back+"/"+name] = value
	}
	_ = e.store.WriteAll(nodes)
	watch, err := e.store.Watch(e.front + "/state")
	if err != nil {
		panic(err)
	}
	go e.run(watch, properties)
}

// run follows the front end's state.
func (e *end) run(watch frontend.Watch, properties map[string]string) {
	defer close(e.done)
	defer watch.Stop()
	closed := false
	for {
		select {
		case <-e.stop:
			return
		case <-watch.Changed():
		}
		text, err := e.store.Read(e.front + "/state")
		if err != nil {
			return
		}
		switch text {
		case state(hypercall.XenbusStateInitialising):
			if closed {
				closed = false
				e.set(hypercall.XenbusStateInitWait, nil)
			}
		case state(e.ready):
			if e.current() != nil {
				continue
			}
			s, err := e.connect()
			if err != nil {
				e.set(hypercall.XenbusStateClosing, map[string]string{"error": err.Error()})
				continue
			}
			e.mu.Lock()
			e.session = s
			nodes := maps.Clone(properties)
			maps.Copy(nodes, e.override)
			e.mu.Unlock()
			e.set(hypercall.XenbusStateConnected, nodes)
		case state(hypercall.XenbusStateClosing):
			e.set(hypercall.XenbusStateClosing, nil)
		case state(hypercall.XenbusStateClosed):
			e.hangUp()
			closed = true
			e.set(hypercall.XenbusStateClosed, nil)
		}
	}
}

func (e *end) current() session {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.session
}

func (e *end) hangUp() {
	e.mu.Lock()
	s := e.session
	e.session = nil
	e.mu.Unlock()
	if s != nil {
		s.close()
	}
}

// Close has the back end close the device, as when it is unplugged.
func (e *end) Close() {
	e.set(hypercall.XenbusStateClosing, nil)
}

// Directory is the back end's directory.
func (e *end) Directory() string { return e.back }

// Die has the back end stop in its tracks: it never says or does anything again, and has mapped what it had mapped.
func (e *end) Die() {
	e.mu.Lock()
	e.dead = true
	e.mu.Unlock()
	close(e.stop)
	<-e.done
}

// Bury takes from a dead back end what it had.
func (e *end) Bury() { e.hangUp() }

// Stop ends a back end that lives, and returns when nothing is left of it.
func (e *end) Stop() {
	close(e.stop)
	<-e.done
	e.hangUp()
}

func (e *end) isDead() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.dead
}

// set says how far the back end is. A dead one says nothing.
func (e *end) set(s hypercall.XenbusState, more map[string]string) {
	nodes := map[string]string{e.back + "/state": state(s)}
	for name, value := range more {
		nodes[e.back+"/"+name] = value
	}
	_ = e.store.WriteAll(nodes)
}

// Node changes a node in the back end's directory.
func (e *end) Node(name, value string) {
	_ = e.store.WriteAll(map[string]string{e.back + "/" + name: value})
}

// Override has the back end say something else than the truth of itself from the next connection on.
func (e *end) Override(name, value string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.override == nil {
		e.override = map[string]string{}
	}
	e.override[name] = value
}

// Reform has the back end say nothing but the truth again.
func (e *end) Reform() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.override = nil
}

// Front is what the front end's directory says, or nothing.
func (e *end) Front(name string) string {
	text, _ := e.store.Read(e.front + "/" + name)
	return text
}

// number is a number in the front end's directory.
func (e *end) number(name string) (uint32, error) {
	v, err := strconv.ParseUint(e.Front(name), 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%s/%s: %w", e.front, name, err)
	}
	return uint32(v), nil
}

// bind takes the front end's event channel.
func (e *end) bind() (frontend.Channel, error) {
	port, err := e.number("event-channel")
	if err != nil {
		return nil, err
	}
	return e.machine.Bind(hypercall.Port(port))
}

func state(s hypercall.XenbusState) string { return strconv.Itoa(int(s)) }
