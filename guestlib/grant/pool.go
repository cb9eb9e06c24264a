package grant

import (
	"errors"
	"sync/atomic"

	"tuco/guestlib/page"
	"tuco/hypercall"
)

// A Pool is pages that stay granted to one domain: persistent grants. Its user copies into a page and out of it, and names the
// page by its index, from 0; the peer knows it by its reference, and need not unmap it in between.
//
// One goroutine at a time may use it.
type Pool struct {
	table *Table
	pages *page.Run
	refs  []Ref
	free  []int
}

// NewPool grants each page of a run, which belongs to the pool from here on. The errors are Grant's, and then the run is the
// caller's still.
func NewPool(t *Table, to hypercall.DomID, pages *page.Run, writable bool) (*Pool, error) {
	p := &Pool{table: t, pages: pages}
	for i := range pages.Len() {
		ref, err := t.Grant(to, pages.Frame(i), writable)
		if err != nil {
			for _, ref := range p.refs { // nobody was told of them
				err = errors.Join(err, t.End(ref))
			}
			return nil, err
		}
		p.refs = append(p.refs, ref)
		p.free = append(p.free, i)
	}
	return p, nil
}

// Len is how many pages there are, and Free how many of them nobody has.
func (p *Pool) Len() int { return len(p.refs) }

// Free is how many pages can be got.
func (p *Pool) Free() int { return len(p.free) }

// Get takes a page, or is not ok if all are taken. The page put back last comes first: the peer's processor may still know it.
func (p *Pool) Get() (i int, ok bool) {
	if len(p.free) == 0 {
		return 0, false
	}
	i = p.free[len(p.free)-1]
	p.free = p.free[:len(p.free)-1]
	return i, true
}

// Put gives a page back. What was in it stays there, where the peer can read it.
func (p *Pool) Put(i int) { p.free = append(p.free, i) }

// Ref is what the peer knows a page by.
func (p *Pool) Ref(i int) Ref { return p.refs[i] }

// Page is a page's memory, which the peer may change at any time.
func (p *Pool) Page(i int) []byte { return p.pages.Page(i) }

// Close ends the grants, and frees the pages when the peer has let go of the last of them. It tells how many the peer has
// still.
func (p *Pool) Close() (inUse int) {
	refs, pages := p.refs, p.pages
	p.refs, p.free = nil, nil
	if len(refs) == 0 {
		return 0
	}
	var ended atomic.Int64
	for _, ref := range refs {
		p.table.EndLater(ref, func() {
			if ended.Add(1) == int64(len(refs)) {
				pages.Free()
			}
		})
	}
	return len(refs) - int(ended.Load())
}
