package here_test

import (
	"errors"
	"fmt"

	"tuco/guestlib/evtchn/evtchntest"
	"tuco/guestlib/frontend"
	"tuco/guestlib/grant/granttest"
	"tuco/guestlib/xenbus"
	"tuco/hypercall"
)

func newMemory(store *xenbus.Store) *memory {
	return &memory{
		Domain: granttest.New(), peer: peer{store: store}, unmaps: map[hypercall.GrantRef]func(){}, pages: map[hypercall.GrantRef][]byte{},
		ports: map[hypercall.Port]*evtchntest.End{},
	}
}

// end is a channel's end with a number.
type end struct {
	*evtchntest.End
	port hypercall.Port
}

func (e end) Port() hypercall.Port { return e.port }

func (m *memory) listen(hypercall.DomID) (frontend.Channel, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	port := hypercall.Port(len(m.ports) + 1)
	a, b := evtchntest.Pair()
	m.ports[port] = b
	return end{a, port}, nil
}

func (m *memory) Bind(port hypercall.Port) (frontend.Channel, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.ports[port]
	if b == nil {
		return nil, fmt.Errorf("port %d doesn't listen", port)
	}
	return end{b, port + 1000}, nil
}

func (m *memory) Map(write bool, refs ...hypercall.GrantRef) ([]byte, error) {
	if len(refs) != 1 {
		return nil, errors.New("one page at a time")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pages[refs[0]] == nil {
		b, unmap, err := m.Domain.Map(self, refs[0], write)
		if err != nil {
			return nil, err
		}
		m.pages[refs[0]], m.unmaps[refs[0]] = b, unmap
	}
	return m.pages[refs[0]], nil
}

func (m *memory) Unmap(refs ...hypercall.GrantRef) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, ref := range refs {
		if unmap := m.unmaps[ref]; unmap != nil {
			unmap()
		}
		delete(m.unmaps, ref)
		delete(m.pages, ref)
	}
}
