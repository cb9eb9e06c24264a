package here_test

import (
	"errors"
	"fmt"
	"sync"
	"syscall"

	"tuco/guestlib/evtchn"
	"tuco/guestlib/frontend"
	"tuco/guestlib/grant"
	"tuco/guestlib/page"
	"tuco/guestlib/xenbus"
	"tuco/hypercall"
)

// peer is a back end's domain that is this one as well: it maps its own grants and binds to its own ports. A model's back ends
// run on it, on a real hypervisor.
type peer struct {
	store *xenbus.Store

	mu     sync.Mutex
	maps   map[hypercall.GrantRef]*grant.Mapping
	uses   map[hypercall.GrantRef]int
	shared map[hypercall.GrantRef][]byte // pages as the front end sees them
}

// sharing is the front end's domain. It tells the back end where pages are, for hypervisors that don't map grants.
type sharing struct {
	frontend.Domain
	peer *peer
}

func (s sharing) Share(with hypercall.DomID, pages int, readOnly bool) (frontend.Shared, error) {
	shared, err := s.Domain.Share(with, pages, readOnly)
	s.peer.mu.Lock()
	defer s.peer.mu.Unlock()
	for i, ref := range shared.Refs {
		s.peer.shared[ref] = shared.Memory[i*page.Size:][:page.Size:page.Size]
	}
	return shared, err
}

func (p *peer) Store() (frontend.Store, error) { return storeOf{p.store}, nil }

type storeOf struct{ *xenbus.Store }

func (s storeOf) Watch(path string) (frontend.Watch, error) { return s.Store.Watch(path) }

// Map maps one page.
func (p *peer) Map(write bool, refs ...hypercall.GrantRef) ([]byte, error) {
	if len(refs) != 1 {
		return nil, errors.New("one page at a time")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.maps[refs[0]]
	if m == nil {
		var err error
		m, err = grant.Map(self, refs[0], write)
		if errors.Is(err, syscall.ENOSYS) && p.shared[refs[0]] != nil {
			return p.shared[refs[0]], nil
		}
		if err != nil {
			return nil, fmt.Errorf("map %d: %w", refs[0], err)
		}
		p.maps[refs[0]] = m
	}
	p.uses[refs[0]]++
	return m.Bytes()[:page.Size:page.Size], nil
}

func (p *peer) Unmap(refs ...hypercall.GrantRef) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, ref := range refs {
		if p.maps[ref] == nil {
			continue
		}
		if p.uses[ref]--; p.uses[ref] == 0 {
			if err := p.maps[ref].Close(); err != nil {
				panic(err)
			}
			delete(p.maps, ref)
		}
	}
}

func (p *peer) Bind(port hypercall.Port) (frontend.Channel, error) {
	return evtchn.BindInterdomain(self, port)
}
