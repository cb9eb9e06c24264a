package grant

import (
	"errors"
	"sync"
	"sync/atomic"
	"unsafe"

	"tuco/hypercall"
)

// Ref is a grant reference: what the peer names a grant by.
type Ref = hypercall.GrantRef

// Errors.
var (
	ErrInUse = errors.New("the grant is in use: the other domain has the page mapped")
	ErrFull  = errors.New("the grant table is full")
	ErrFrame = errors.New("the frame's number is too large for a grant table of version 1")
	ErrRef   = errors.New("no such grant")
)

// perFrame is how many entries a frame of the table has.
const perFrame = 4096 / int(unsafe.Sizeof(hypercall.GrantEntryV1{}))

// A Table is a grant table. Its methods may be called by several goroutines at once.
type Table struct {
	grow func(frames int) ([]hypercall.GrantEntryV1, error)

	lock    sync.Mutex
	entries []hypercall.GrantEntryV1 // [guest] all but the flags of use
	free    []Ref
	taken   []bool // by reference
	later   []later
}

// later is a grant that waits for its end.
type later struct {
	ref  Ref
	then func()
}

// NewTable is a table whose memory comes from a function: it makes the table some number of frames large, and returns all
// entries. It fails with ErrFull if the table can't be so large.
func NewTable(grow func(frames int) ([]hypercall.GrantEntryV1, error)) (*Table, error) {
	t := &Table{grow: grow}
	t.lock.Lock()
	defer t.lock.Unlock()
	return t, t.enlarge()
}

// enlarge adds a frame.
func (t *Table) enlarge() error {
	entries, err := t.grow(len(t.entries)/perFrame + 1)
	if err != nil {
		return err
	}
	first := max(len(t.entries), hypercall.GNTTAB_NR_RESERVED_ENTRIES)
	t.entries = entries
	t.taken = append(t.taken, make([]bool, len(entries)-len(t.taken))...)
	for ref := len(entries) - 1; ref >= first; ref-- {
		t.free = append(t.free, Ref(ref))
	}
	return nil
}

// word is the flags and the domain of an entry, which change together.
func (t *Table) word(ref Ref) *uint32 {
	return (*uint32)(unsafe.Pointer(&t.entries[ref]))
}

// Grant lets a domain use a frame of this domain, and write it or not. The error is ErrFull or ErrFrame.
func (t *Table) Grant(to hypercall.DomID, frame hypercall.XenPFN, writable bool) (Ref, error) {
	if frame>>32 != 0 {
		return 0, ErrFrame
	}
	t.lock.Lock()
	defer t.lock.Unlock()
	t.retry()
	if len(t.free) == 0 {
		if err := t.enlarge(); err != nil {
			return 0, err
		}
	}
	ref := t.free[len(t.free)-1]
	t.free = t.free[:len(t.free)-1]
	t.taken[ref] = true
	flags := uint32(hypercall.GTF_permit_access)
	if !writable {
		flags |= hypercall.GTF_readonly
	}
	atomic.StoreUint32(&t.entries[ref].Frame, uint32(frame))
	atomic.StoreUint32(t.word(ref), flags|uint32(to)<<16) // after the frame: the hypervisor may look from here on
	return ref, nil
}

// End ends a grant. ErrInUse: the other domain has the page; nothing has changed. ErrRef: there is no such grant.
func (t *Table) End(ref Ref) error {
	t.lock.Lock()
	defer t.lock.Unlock()
	return t.end(ref)
}

func (t *Table) end(ref Ref) error {
	if int(ref) >= len(t.taken) || !t.taken[ref] {
		return ErrRef
	}
	for {
		old := atomic.LoadUint32(t.word(ref))
		if old&(hypercall.GTF_reading|hypercall.GTF_writing) != 0 {
			return ErrInUse
		}
		// One operation: between a look at the flags and a plain store the peer could map the page.
		if atomic.CompareAndSwapUint32(t.word(ref), old, 0) {
			break
		}
	}
	t.taken[ref] = false
	t.free = append(t.free, ref)
	return nil
}

// EndLater ends a grant when the other domain lets go of the page, which may be at once or never, and calls a function then,
// which may free the page. It is looked at again whenever grants are made or ended so. The function must not use the table.
func (t *Table) EndLater(ref Ref, then func()) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.retry()
	switch t.end(ref) {
	case nil:
		then()
	case ErrInUse:
		t.later = append(t.later, later{ref, then})
	}
}

// retry looks at a few of those that wait for their end.
func (t *Table) retry() {
	const few = 2
	for range min(few, len(t.later)) {
		l := t.later[0]
		t.later = t.later[1:]
		if t.end(l.ref) != nil {
			t.later = append(t.later, l)
			continue
		}
		l.then()
	}
}

// InUse tells whether the other domain has the page of a grant now.
func (t *Table) InUse(ref Ref) bool {
	t.lock.Lock()
	defer t.lock.Unlock()
	return int(ref) < len(t.taken) && t.taken[ref] && atomic.LoadUint32(t.word(ref))&(hypercall.GTF_reading|hypercall.GTF_writing) != 0
}

// Forget gives up all grants: the hypervisor has made a new table, as it does for a domain that was saved. The function of
// NewTable is asked for the memory again. Nobody has a page any more, so the functions of EndLater are called.
func (t *Table) Forget() error {
	t.lock.Lock()
	defer t.lock.Unlock()
	return t.forget()
}

func (t *Table) forget() error {
	frames := len(t.entries) / perFrame
	for _, l := range t.later {
		l.then()
	}
	t.entries, t.free, t.taken, t.later = nil, nil, nil, nil
	for len(t.entries)/perFrame < frames {
		if err := t.enlarge(); err != nil {
			return err
		}
	}
	return nil
}
