package grant

import (
	"errors"
	"syscall"
	"testing"

	"tuco/guestlib/gate"
	"tuco/guestlib/page"
	"tuco/hypercall"
)

// In a guest these tests are run by "tuco test-go --run InGuest ./guestlib/grant".

func TestNoGuest(t *testing.T) {
	if gate.Guest() {
		return
	}
	if _, err := Open(); !errors.Is(err, syscall.ENOSYS) {
		t.Fatalf("got %v, want ENOSYS", err)
	}
}

// self is the domain that runs these: maps and copies take no DOMID_SELF.
const self hypercall.DomID = 0

func table(t *testing.T) *Table {
	t.Helper()
	if !gate.Guest() {
		t.Skip("runs in a guest: tuco test-go ./guestlib/grant")
	}
	table, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// The table grows over its frames, and is the hypervisor's: what was written can be read.
func TestTableInGuest(t *testing.T) {
	table := table(t)
	pages, err := page.Alloc(2)
	if err != nil {
		t.Fatal(err)
	}
	if pages.Frame(0) == pages.Frame(1) {
		t.Fatal("two pages in one frame")
	}
	var refs []Ref
	for range 3 * perFrame {
		ref, err := table.Grant(1, pages.Frame(0), false)
		if err != nil {
			t.Fatal(err)
		}
		refs = append(refs, ref)
	}
	for _, ref := range refs {
		if err := table.End(ref); err != nil {
			t.Fatal(err)
		}
	}
	if err := pages.Free(); err != nil {
		t.Fatal(err)
	}
}

// A domain maps its own grant; then the grant can't be ended.
func TestMapInGuest(t *testing.T) {
	table := table(t)
	pages, err := page.Alloc(1)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := table.Grant(self, pages.Frame(0), true)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Map(self, ref, true)
	if err != nil {
		t.Fatal(err)
	}
	copy(m.Bytes(), "from the peer")
	if got := string(pages.Page(0)[:13]); got != "from the peer" {
		t.Fatalf("the page has %q", got)
	}
	if err := table.End(ref); !errors.Is(err, ErrInUse) {
		t.Fatalf("got %v, want ErrInUse", err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if err := table.End(ref); err != nil {
		t.Fatal(err)
	}
	if m, err := Map(self, ref, true); err == nil {
		t.Fatalf("mapped a grant that has ended: %v", m)
	}
	pages.Free()
}

// Several pages are mapped one after the other, or none is.
func TestMapAllInGuest(t *testing.T) {
	table := table(t)
	pages, err := page.Alloc(3)
	if err != nil {
		t.Fatal(err)
	}
	var refs []Ref
	for i := range 3 {
		ref, err := table.Grant(self, pages.Frame(2-i), true)
		if err != nil {
			t.Fatal(err)
		}
		refs = append(refs, ref)
		pages.Page(2 - i)[0] = byte(i)
	}
	if _, err := MapAll(self, append(refs[:2:2], 100_000), true); !errors.Is(err, syscall.EINVAL) {
		t.Fatalf("a grant that is none: got %v, want EINVAL", err)
	}
	m, err := MapAll(self, refs, true)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if got := m.Bytes()[i*page.Size]; got != byte(i) {
			t.Fatalf("page %d begins with %d", i, got)
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	for _, ref := range refs { // the mapping that failed has left nothing, either
		if err := table.End(ref); err != nil {
			t.Fatal(err)
		}
	}
	pages.Free()
}

// Several copies are done by one call, to and from any memory of the program's.
func TestCopyAllInGuest(t *testing.T) {
	table := table(t)
	pages, err := page.Alloc(2)
	if err != nil {
		t.Fatal(err)
	}
	var refs [2]Ref
	for i := range refs {
		if refs[i], err = table.Grant(self, pages.Frame(i), i == 1); err != nil {
			t.Fatal(err)
		}
	}
	copy(pages.Page(0)[50:], "to be copied")
	memory := make([]byte, 1<<20)
	middle := &memory[1<<19] // nobody has touched it
	own := Place{Own: true, Frame: page.FrameOf(middle), Offset: uint16(page.Offset(middle))}
	size := min(12, page.Size-page.Offset(middle))
	transfers := []Transfer{
		{To: own, From: Place{Domain: self, Ref: refs[0], Offset: 50}, Size: size},
		{To: Place{Domain: self, Ref: refs[1], Offset: 7}, From: own, Size: size},
		{To: Place{Domain: self, Ref: refs[0]}, From: own, Size: 1},
		{To: Place{Domain: self, Ref: refs[1], Offset: 100}, From: Place{Domain: self, Ref: refs[0], Offset: 50}, Size: 5},
	}
	CopyAll(transfers)
	for i, want := range []error{nil, nil, syscall.EIO, nil} {
		if !errors.Is(transfers[i].Err, want) {
			t.Fatalf("copy %d: got %v, want %v", i, transfers[i].Err, want)
		}
	}
	want := "to be copied"[:size]
	if got := string(memory[1<<19:][:size]); got != want {
		t.Fatalf("the memory has %q", got)
	}
	if got := string(pages.Page(1)[7:][:size]); got != want {
		t.Fatalf("the page has %q", got)
	}
	if got := string(pages.Page(1)[100:105]); got != "to be" {
		t.Fatalf("the page has %q", got)
	}
	for _, ref := range refs {
		if err := table.End(ref); err != nil {
			t.Fatal(err)
		}
	}
	pages.Free()
}

func TestCopyInGuest(t *testing.T) {
	table := table(t)
	pages, err := page.Alloc(2)
	if err != nil {
		t.Fatal(err)
	}
	copy(pages.Page(0), "to be copied")
	ref, err := table.Grant(self, pages.Frame(0), false)
	if err != nil {
		t.Fatal(err)
	}
	to, from := Place{Frame: pages.Frame(1), Own: true, Offset: 100}, Place{Domain: self, Ref: ref}
	err = Copy(to, from, 12)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(pages.Page(1)[100:112]); got != "to be copied" {
		t.Fatalf("the page has %q", got)
	}
	if err := Copy(to, from, page.Size); !errors.Is(err, syscall.EINVAL) {
		t.Fatalf("beyond the page: got %v, want EINVAL", err)
	}
	if err := table.End(ref); err != nil {
		t.Fatal(err)
	}
}

// The table goes out of the page tables before the domain is saved, and comes again with what is in it, or with nothing.
func TestSuspendInGuest(t *testing.T) {
	table(t)
	m, err := newMemory()
	if err != nil {
		t.Fatal(err)
	}
	table, err := NewTable(m.grow)
	if err != nil {
		t.Fatal(err)
	}
	d := &device{table, m}
	const frame, to = 0x1234, 9
	ref, err := table.Grant(to, frame, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Suspend(); err != nil {
		t.Fatal(err)
	}
	if mfn := gate.Call(gate.PageFrame, uintptr(m.room.Address(0)), 0, 0, 0, 0); gate.Errno(mfn) == 0 {
		t.Fatalf("frame %#x is still mapped", mfn)
	}
	if err := d.Resume(true); err != nil {
		t.Fatal(err)
	}
	if e := table.entries[ref]; e.Frame != frame || e.DomID != to {
		t.Fatalf("the entry is %+v", e)
	}
	if err := d.Suspend(); err != nil {
		t.Fatal(err)
	}
	if err := d.Resume(false); err != nil {
		t.Fatal(err)
	}
	if err := table.End(ref); !errors.Is(err, ErrRef) {
		t.Fatalf("got %v, want ErrRef: the grant is of another table", err)
	}
	*table.word(ref) = 0
}
