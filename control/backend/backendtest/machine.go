// Package backendtest is a machine in memory for tests of back ends: on it run guestlib's front ends, which see it as their domain,
// and the back ends under test. It is package model's host with the other side's view of it, and keeps its counts of what is mapped.
package backendtest

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tuco/control/backend"
	"tuco/guestlib/frontend"
	"tuco/guestlib/frontend/model"
	"tuco/hypercall"
)

// Machine implements backend.Machine.
type Machine struct {
	*model.Host

	Mapped, Copied atomic.Int64 // pages so far, and copies

	mu     sync.Mutex
	before func() // see Before
}

// New is a machine with nothing on it.
func New() *Machine { return &Machine{Host: model.NewHost()} }

// Before has a function called before each Map and Copy: a front end that changes its memory at the worst of times.
func (m *Machine) Before(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.before = f
}

func (m *Machine) come(from hypercall.DomID) error {
	m.mu.Lock()
	before := m.before
	m.mu.Unlock()
	if before != nil {
		before()
	}
	if from != model.Guest {
		return fmt.Errorf("domain %d grants nothing", from)
	}
	return nil
}

type mapping struct {
	machine *Machine
	refs    []hypercall.GrantRef
	bytes   []byte
}

func (m mapping) Bytes() []byte { return m.bytes }

func (m mapping) Close() error {
	m.machine.Unmap(m.refs...)
	return nil
}

// Map implements backend.Machine. The pages have to be one after the other in the guest too.
func (m *Machine) Map(from hypercall.DomID, refs []hypercall.GrantRef, write bool) (backend.Mapping, error) {
	if err := m.come(from); err != nil {
		return nil, err
	}
	bytes, err := m.Host.Map(write, refs...)
	if err != nil {
		return nil, err
	}
	m.Mapped.Add(int64(len(refs)))
	return mapping{m, append([]hypercall.GrantRef(nil), refs...), bytes}, nil
}

// Copy implements backend.Machine.
func (m *Machine) Copy(with hypercall.DomID, copies []backend.Copy) {
	err := m.come(with)
	for i := range copies {
		c := &copies[i]
		if c.Err = err; err == nil {
			c.Err = m.copy(c)
		}
	}
}

func (m *Machine) copy(c *backend.Copy) error {
	m.Copied.Add(1)
	if c.Offset < 0 || c.Offset > backend.PageSize || len(c.Local) > backend.PageSize-c.Offset {
		return errors.New("a copy beyond a page")
	}
	page, err := m.Host.Map(c.Out, c.Ref)
	if err != nil {
		return err
	}
	defer m.Unmap(c.Ref)
	if c.Out {
		copy(page[c.Offset:], c.Local)
	} else {
		copy(c.Local, page[c.Offset:])
	}
	return nil
}

// Bind implements backend.Machine.
func (m *Machine) Bind(to hypercall.DomID, port hypercall.Port) (frontend.Channel, error) {
	if to != model.Guest {
		return nil, fmt.Errorf("domain %d has no port", to)
	}
	return m.Host.Bind(port)
}

// Config is a back end's on this machine.
func (m *Machine) Config(clock *Clock) backend.Config {
	return backend.Config{Store: m.Tree, Machine: m, Self: model.Back, Clock: clock, Log: slog.New(slog.DiscardHandler)}
}

// Plug makes a device's directories, as the toolstack does.
func (m *Machine) Plug(device backend.Device, front, back map[string]string) {
	nodes := map[string]string{
		device.Front() + "/backend": device.Back(model.Back), device.Front() + "/backend-id": "0", device.Front() + "/state": "1",
		device.Back(model.Back) + "/frontend": device.Front(), device.Back(model.Back) + "/state": "1",
	}
	for name, value := range front {
		nodes[device.Front()+"/"+name] = value
	}
	for name, value := range back {
		nodes[device.Back(model.Back)+"/"+name] = value
	}
	_ = m.Tree.WriteAll(nodes)
}

// Say has a front end that is the test write nodes of its directory.
func (m *Machine) Say(device backend.Device, nodes map[string]string) {
	all := map[string]string{}
	for name, value := range nodes {
		all[device.Front()+"/"+name] = value
	}
	_ = m.Tree.WriteAll(all)
}

// Await waits until a back end has come to a state.
func (m *Machine) Await(t testing.TB, device backend.Device, state hypercall.XenbusState) {
	t.Helper()
	m.AwaitNode(t, device.Back(model.Back)+"/state", fmt.Sprint(int(state)))
}

// AwaitNode waits until a node has a value.
func (m *Machine) AwaitNode(t testing.TB, path, value string) {
	t.Helper()
	watch, err := m.Tree.Watch(path)
	require.NoError(t, err)
	defer watch.Stop()
	patience := time.After(time.Minute)
	for {
		text, err := m.Tree.Read(path)
		if err == nil && text == value {
			return
		}
		select {
		case <-watch.Changed():
		case <-patience:
			require.Failf(t, "waited in vain", "%s says %q instead of %q", path, text, value)
		}
	}
}
