// Package here is the domain that the program runs in, as front ends need it: its store, its pages, its event channels.
//
//	disk, err := blk.Open(ctx, here.Domain(), "51712")
package here

import (
	"errors"
	"fmt"
	"sync"

	"tuco/guestlib/evtchn"
	"tuco/guestlib/frontend"
	"tuco/guestlib/grant"
	"tuco/guestlib/page"
	"tuco/guestlib/power"
	"tuco/guestlib/xenbus"
	"tuco/hypercall"
)

// Domain is the domain that the program runs in. Whatever it is asked for fails with ENOSYS where the program is no guest.
func Domain() *Here { return &self }

var self = Here{open: xenbus.Open, table: grant.Open, alloc: page.Alloc, listen: func(to hypercall.DomID) (frontend.Channel, error) {
	return evtchn.AllocUnbound(to)
}, atSuspend: power.AtSuspend}

// Here implements frontend.Domain.
type Here struct {
	open   func() (*xenbus.Store, error)
	table  func() (*grant.Table, error)
	alloc  func(n int) (*page.Run, error)
	listen func(to hypercall.DomID) (frontend.Channel, error)

	atSuspend func(power.Device)

	mu     sync.Mutex
	store  *xenbus.Store
	shared map[*byte]run // by the first byte of the memory
	age    int           // how often the domain was restored

	register sync.Once
	saved    map[*frontend.Saved]bool // whom to tell when the domain is saved
}

// run is pages that are shared.
type run struct {
	pages *page.Run
	age   int // of the domain, when they were
}

// New is a domain whose parts are given: for tests, and for a control domain that has its store in itself. It is not told when the
// domain is saved: who makes it calls Suspend and Resume.
func New(store *xenbus.Store, table *grant.Table, alloc func(n int) (*page.Run, error), listen func(to hypercall.DomID) (frontend.Channel, error)) *Here {
	return &Here{
		store: store, table: func() (*grant.Table, error) { return table, nil }, alloc: alloc, listen: listen,
		atSuspend: func(power.Device) {},
	}
}

// Store implements frontend.Domain: the store is opened when it is asked for first.
func (h *Here) Store() (frontend.Store, error) {
	s, err := h.Xenbus()
	if err != nil {
		return nil, err
	}
	return store{s}, nil
}

// Xenbus is the store that front ends use. The errors are xenbus.Open's, and frontend.ErrNoStore for xenbus.ErrNoStore.
func (h *Here) Xenbus() (*xenbus.Store, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.store == nil {
		s, err := h.open()
		if errors.Is(err, xenbus.ErrNoStore) {
			err = frontend.ErrNoStore
		}
		if err != nil {
			return nil, err
		}
		h.store = s
	}
	return h.store, nil
}

// StoreOf is a store as front ends and back ends see it.
func StoreOf(s *xenbus.Store) frontend.Store { return store{s} }

// store is a xenbus.Store as front ends see it.
type store struct{ *xenbus.Store }

func (s store) Watch(path string) (frontend.Watch, error) { return s.Store.Watch(path) }

// Share implements frontend.Domain.
func (h *Here) Share(with hypercall.DomID, n int, readOnly bool) (frontend.Shared, error) {
	table, err := h.table()
	if err != nil {
		return frontend.Shared{}, err
	}
	h.follow()
	pages, err := h.alloc(n)
	if err != nil {
		return frontend.Shared{}, err
	}
	s := frontend.Shared{Memory: pages.Bytes()}
	for i := range n {
		ref, err := table.Grant(with, pages.Frame(i), !readOnly)
		if err != nil {
			for _, ref := range s.Refs {
				err = errors.Join(err, table.End(ref)) // nobody was told of it
			}
			return frontend.Shared{}, errors.Join(fmt.Errorf("grant to domain %d: %w", with, err), pages.Free())
		}
		s.Refs = append(s.Refs, ref)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.shared == nil {
		h.shared = map[*byte]run{}
	}
	h.shared[&s.Memory[0]] = run{pages, h.age}
	return s, nil
}

// Unshare implements frontend.Domain.
func (h *Here) Unshare(s frontend.Shared) {
	h.mu.Lock()
	r := h.shared[&s.Memory[0]]
	delete(h.shared, &s.Memory[0])
	current := r.age == h.age
	h.mu.Unlock()
	// That memory can't be freed is nothing that anybody could do something about.
	if !current {
		_ = r.pages.Free()
		return
	}
	table, err := h.table()
	if err != nil {
		return // then nothing was shared
	}
	left := len(s.Refs)
	for _, ref := range s.Refs {
		table.EndLater(ref, func() { // the table calls one at a time
			if left--; left == 0 {
				_ = r.pages.Free()
			}
		})
	}
}

// Listen implements frontend.Domain.
func (h *Here) Listen(to hypercall.DomID) (frontend.Channel, error) { return h.listen(to) }
