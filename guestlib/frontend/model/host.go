package model

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"unsafe"

	"tuco/guestlib/frontend"
	"tuco/hypercall"
)

// Guest and Back are the domains: the one with front ends and the one with back ends.
const (
	Guest hypercall.DomID = 7
	Back  hypercall.DomID = 0
)

// Machine is what back ends need. A Host is one; so is a real one, where the test runs in a guest.
type Machine interface {
	Store() (frontend.Store, error)

	// Map maps pages that the guest shares, one after the other, and Unmap undoes that.
	Map(write bool, refs ...hypercall.GrantRef) ([]byte, error)
	Unmap(refs ...hypercall.GrantRef)

	// Bind connects to a port of the guest's that listens.
	Bind(hypercall.Port) (frontend.Channel, error)
}

// Host is a machine with two domains. The guest's front ends see it as their [frontend.Domain].
type Host struct {
	Tree *Tree // the store

	mu     sync.Mutex
	grants map[hypercall.GrantRef]*grant
	next   hypercall.GrantRef
	ports  map[hypercall.Port]*port
	port   hypercall.Port
	fail   int // calls of Share until one fails; 0: none does
	saved  map[*frontend.Saved]bool
}

// grant is a page that is shared.
type grant struct {
	page     []byte
	readOnly bool
	mapped   int
	ended    bool // by the guest, while the back end had it mapped
	void     bool // made before the guest was restored
}

// NewHost is a machine with nothing on it but a store.
func NewHost() *Host {
	return &Host{
		Tree:   newTree(fmt.Sprintf("/local/domain/%d/", Guest)),
		grants: map[hypercall.GrantRef]*grant{}, next: 8,
		ports: map[hypercall.Port]*port{}, port: 3, saved: map[*frontend.Saved]bool{},
	}
}

// Store implements frontend.Domain.
func (h *Host) Store() (frontend.Store, error) { return h.Tree, nil }

// Share implements frontend.Domain.
func (h *Host) Share(with hypercall.DomID, pages int, readOnly bool) (frontend.Shared, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fail > 0 {
		if h.fail--; h.fail == 0 {
			return frontend.Shared{}, errors.New("out of memory, as the test demands")
		}
	}
	if with != Back {
		return frontend.Shared{}, fmt.Errorf("domain %d isn't there", with)
	}
	words := make([]uint64, pages*frontend.PageSize/8)
	s := frontend.Shared{Memory: unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), pages*frontend.PageSize)}
	for i := range pages {
		h.grants[h.next] = &grant{page: s.Memory[i*frontend.PageSize:], readOnly: readOnly}
		s.Refs = append(s.Refs, h.next)
		h.next++
	}
	return s, nil
}

// Unshare implements frontend.Domain.
func (h *Host) Unshare(s frontend.Shared) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, ref := range s.Refs {
		g := h.grants[ref]
		if g == nil || g.ended {
			panic(fmt.Sprintf("grant %d is ended, but is none", ref))
		}
		if g.ended = true; g.mapped == 0 {
			delete(h.grants, ref)
		}
	}
}

// AtSuspend implements frontend.Domain.
func (h *Host) AtSuspend(s *frontend.Saved) (remove func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.saved[s] = true
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.saved, s)
	}
}

// Save saves the guest and has it go on. Unless that is cancelled, its grants and its ends of channels are gone. While is what
// happens in between. The errors are those of devices that can't go on.
func (h *Host) Save(cancelled bool, while func()) error {
	h.mu.Lock()
	saved := slices.Collect(maps.Keys(h.saved))
	h.mu.Unlock()
	for _, s := range saved {
		s.Suspended()
	}
	while()
	if !cancelled {
		h.mu.Lock()
		for _, g := range h.grants {
			g.void = true
		}
		for _, p := range h.ports {
			p.lose()
		}
		h.mu.Unlock()
	}
	var err error
	for _, s := range saved {
		err = errors.Join(err, s.Resumed(cancelled))
	}
	return err
}

// FailShare has the n'th call of Share from now fail.
func (h *Host) FailShare(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fail = n
}

// Shared is how many pages the guest shares.
func (h *Host) Shared() (pages int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, g := range h.grants {
		if !g.ended {
			pages++
		}
	}
	return pages
}

// EachShared calls a function with each page that the guest shares.
func (h *Host) EachShared(f func(page []byte)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, g := range h.grants {
		if !g.ended {
			f(g.page[:frontend.PageSize])
		}
	}
}

// Mapped is how many pages of the guest's the back end has mapped.
func (h *Host) Mapped() (pages int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, g := range h.grants {
		if g.mapped > 0 {
			pages++
		}
	}
	return pages
}

// Map implements Machine. It fails for pages that aren't shared so.
func (h *Host) Map(write bool, refs ...hypercall.GrantRef) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var first []byte
	for i, ref := range refs {
		g := h.grants[ref]
		if g == nil || g.ended || g.void || write && g.readOnly {
			return nil, fmt.Errorf("grant %d is none", ref)
		}
		if i == 0 {
			first = g.page
		}
		if (len(first) < (i+1)*frontend.PageSize) || &first[i*frontend.PageSize] != &g.page[0] {
			return nil, fmt.Errorf("grant %d is not the next page", ref)
		}
	}
	for _, ref := range refs {
		h.grants[ref].mapped++
	}
	return first[: len(refs)*frontend.PageSize : len(refs)*frontend.PageSize], nil
}

// Unmap implements Machine.
func (h *Host) Unmap(refs ...hypercall.GrantRef) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, ref := range refs {
		g := h.grants[ref]
		if g.mapped--; g.mapped == 0 && g.ended {
			delete(h.grants, ref)
		}
	}
}
