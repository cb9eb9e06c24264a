// Package granttest is a domain with pages and a grant table in memory, and the view that its peers have of them: for tests of
// front ends on the host.
package granttest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"unsafe"

	"tuco/guestlib/grant"
	"tuco/guestlib/page"
	"tuco/hypercall"
)

// perFrame is how many entries a frame of the table has, and maxFrames how large it gets.
const (
	perFrame  = page.Size / 8
	maxFrames = 4
)

// A Domain has pages, and a grant table.
type Domain struct {
	Table *grant.Table

	entries []hypercall.GrantEntryV1

	lock  sync.Mutex
	pages map[hypercall.XenPFN][]byte
	next  hypercall.XenPFN
}

// New makes a domain.
func New() *Domain {
	d := &Domain{
		entries: make([]hypercall.GrantEntryV1, maxFrames*perFrame),
		pages:   map[hypercall.XenPFN][]byte{},
		next:    0x1000,
	}
	var err error
	if d.Table, err = grant.NewTable(d.grow); err != nil {
		panic(err)
	}
	return d
}

func (d *Domain) grow(frames int) ([]hypercall.GrantEntryV1, error) {
	if frames > maxFrames {
		return nil, grant.ErrFull
	}
	return d.entries[:frames*perFrame], nil
}

// Alloc is as page.Alloc.
func (d *Domain) Alloc(n int) (*page.Run, error) {
	d.lock.Lock()
	defer d.lock.Unlock()
	words := make([]uint64, n*page.Size/8) // aligned, as pages are
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), n*page.Size)
	frames := make([]hypercall.XenPFN, n)
	for i := range frames {
		frames[i] = d.next
		d.pages[d.next] = bytes[i*page.Size : (i+1)*page.Size : (i+1)*page.Size]
		d.next += 3 // no two are neighbours
	}
	free := func() error {
		d.lock.Lock()
		defer d.lock.Unlock()
		for _, f := range frames {
			delete(d.pages, f)
		}
		return nil
	}
	return page.New(bytes, func(i int) hypercall.XenPFN { return frames[i] }, free), nil
}

// Pages is how many pages there are that were not freed.
func (d *Domain) Pages() int {
	d.lock.Lock()
	defer d.lock.Unlock()
	return len(d.pages)
}

// Errors of Map.
var (
	ErrNotGranted = errors.New("not granted to this domain")
	ErrReadOnly   = errors.New("granted for reading only")
	ErrNoPage     = errors.New("granted, but there is no such page")
)

// Map is what the hypervisor does when a peer maps a grant: it marks the entry as in use, and gives the page. The function that it
// returns ends that. Several mappings of one grant are not counted: only the last one's end should be called.
func (d *Domain) Map(peer hypercall.DomID, ref grant.Ref, writable bool) (bytes []byte, unmap func(), err error) {
	if int(ref) >= len(d.entries) {
		return nil, nil, fmt.Errorf("reference %d: %w", ref, ErrNotGranted)
	}
	word := (*uint32)(unsafe.Pointer(&d.entries[ref]))
	use := uint32(hypercall.GTF_reading)
	if writable {
		use |= hypercall.GTF_writing
	}
	for {
		old := atomic.LoadUint32(word)
		switch {
		case old&hypercall.GTF_type_mask != hypercall.GTF_permit_access || hypercall.DomID(old>>16) != peer:
			return nil, nil, fmt.Errorf("reference %d: %w", ref, ErrNotGranted)
		case writable && old&hypercall.GTF_readonly != 0:
			return nil, nil, fmt.Errorf("reference %d: %w", ref, ErrReadOnly)
		}
		if atomic.CompareAndSwapUint32(word, old, old|use) {
			break
		}
	}
	unmap = func() { atomic.AndUint32(word, ^uint32(hypercall.GTF_reading|hypercall.GTF_writing)) }
	frame := hypercall.XenPFN(atomic.LoadUint32(&d.entries[ref].Frame))
	d.lock.Lock()
	defer d.lock.Unlock()
	bytes, ok := d.pages[frame]
	if !ok {
		unmap()
		return nil, nil, fmt.Errorf("reference %d, frame %#x: %w", ref, uint64(frame), ErrNoPage)
	}
	return bytes, unmap, nil
}
