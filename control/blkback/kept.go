package blkback

import (
	"sync"

	"tuco/control/backend"
	"tuco/hypercall"
	"tuco/ring/blkif"
)

// kept is the pages that stay mapped. Those that were used last come first in a list: the last of them goes when there are too many.
type kept struct {
	machine backend.Machine
	domain  hypercall.DomID
	most    int
	stats   *counters

	mu          sync.Mutex
	pages       map[hypercall.GrantRef]*page
	first, last *page
}

type page struct {
	ref        hypercall.GrantRef
	mapping    backend.Mapping
	bytes      []byte
	users      int // copies under way
	prev, next *page
}

// useAll appends the pages of segments to a list, mapped for as long as it takes until done. A page is nil where that can't be.
func (k *kept) useAll(segments []blkif.Segment, list []*page) []*page {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range segments {
		list = append(list, k.use(segments[i].Ref))
	}
	return list
}

// use is one page. The lock is held.
func (k *kept) use(ref hypercall.GrantRef) *page {
	p := k.pages[ref]
	if p == nil {
		if p = k.add(ref); p == nil {
			return nil
		}
	} else if p != k.first {
		k.remove(p)
		k.push(p)
	}
	p.users++
	return p
}

// done ends the use of pages, some of which may be nil.
func (k *kept) done(list []*page) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, p := range list {
		if p != nil {
			p.users--
		}
	}
}

// add maps a page, in place of the one that was not used for the longest time if there are too many.
func (k *kept) add(ref hypercall.GrantRef) *page {
	if len(k.pages) >= k.most && (k.last.users > 0 || !k.unmap(k.last)) {
		return nil
	}
	mapping, err := k.machine.Map(k.domain, []hypercall.GrantRef{ref}, true)
	if err != nil {
		return nil
	}
	p := &page{ref: ref, mapping: mapping, bytes: mapping.Bytes()}
	k.pages[ref] = p
	k.push(p)
	k.stats.mapped.Add(1)
	return p
}

// unmap tells whether it could.
func (k *kept) unmap(p *page) bool {
	if p.mapping.Close() != nil {
		return false
	}
	k.remove(p)
	delete(k.pages, p.ref)
	k.stats.unmapped.Add(1)
	return true
}

// close unmaps all. Nobody uses any.
func (k *kept) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, p := range k.pages {
		k.unmap(p)
	}
}

func (k *kept) push(p *page) {
	p.prev, p.next = nil, k.first
	if k.first != nil {
		k.first.prev = p
	} else {
		k.last = p
	}
	k.first = p
}

func (k *kept) remove(p *page) {
	if p.prev != nil {
		p.prev.next = p.next
	} else {
		k.first = p.next
	}
	if p.next != nil {
		p.next.prev = p.prev
	} else {
		k.last = p.prev
	}
}
