package grant

import (
	"testing"

	"tuco/hypercall"
	"tuco/kernel/frame"
)

// model is what pins there are of some references, by whom and of which frame.
type model struct {
	*world
	pins   map[hypercall.GrantRef][]pin
	gone   map[frame.MFN]bool // frames that their owner has given up
	closed bool
}

type pin struct {
	by    hypercall.DomID
	m     frame.MFN
	write bool
}

// FuzzPins has a hostile granter and two users do what the input says, and compares each
// answer and all marks and references with a model that keeps a list of pins.
func FuzzPins(f *testing.F) {
	for _, seed := range []string{
		"\x00\x00\x01\x02\x00\x01\x00\x02\x01\x01\x00\x02\x00\x02\x00\x00\x02\x00\x01",
		"grant, pin, write over it, pin again, unpin and swap", "\x04\x01\x00\x01\x05\x03\x00\x01\x02\x03\x04\x05\x06\x07",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		m := model{world: newWorld(t), pins: map[hypercall.GrantRef][]pin{}, gone: map[frame.MFN]bool{}}
		for n := 0; n < 200 && len(input) > 0; n++ {
			m.step(&input)
			m.check()
		}
		for ref, list := range m.pins {
			for _, p := range list {
				m.unpin(ref, p.write)
			}
		}
		m.free(&m.w)
	})
}

func pick(in *[]byte, n int) int {
	if len(*in) == 0 {
		return 0
	}
	b := (*in)[0]
	*in = (*in)[1:]
	return int(b) % n
}

var refs = []hypercall.GrantRef{0, 1, PerFrame, 2*PerFrame - 1}

func (m *model) step(in *[]byte) {
	ref := refs[pick(in, len(refs))]
	switch pick(in, 8) {
	case 0, 1: // the granter writes whatever it likes
		flags := []uint16{access, access | hypercall.GTF_readonly, 0, hypercall.GTF_accept_transfer, access | reading | writing, 0xffff}[pick(in, 6)]
		list := append([]frame.MFN{m.foreign, ram - 1}, m.pages...)
		m.write(ref, flags, []hypercall.DomID{user, stranger, granter}[pick(in, 3)], list[pick(in, len(list))])
	case 2, 3, 4:
		m.tryPin(ref, []hypercall.DomID{user, stranger}[pick(in, 2)], pick(in, 2) == 1)
	case 5:
		if list := m.pins[ref]; len(list) != 0 {
			n := pick(in, len(list))
			m.unpin(ref, list[n].write)
			m.pins[ref] = append(list[:n:n], list[n+1:]...)
			m.free(&m.w)
		}
	case 6:
		m.swap(ref, refs[pick(in, len(refs))])
	case 7:
		if pick(in, 4) == 0 {
			m.table.Close(m.h)
			m.closed = true
		} else if page := m.pages[pick(in, len(m.pages))]; !m.gone[page] {
			m.surrender(page)
			m.gone[page] = true
		}
	}
}

// tryPin pins, and says whether that was right.
func (m *model) tryPin(ref hypercall.GrantRef, by hypercall.DomID, write bool) {
	list, head := m.pins[ref], m.entry(ref).head.Load()
	given := frame.MFN(m.entry(ref).frame.Load())
	valid := head&kind == hypercall.GTF_permit_access && hypercall.DomID(head>>16) == by && !(write && head&hypercall.GTF_readonly != 0)
	want := okay
	switch {
	case m.closed:
		want = hypercall.GNTST_bad_gntref
	case len(list) != 0 && list[0].by != by, (len(list) == 0 || write && !anyWrites(list)) && !valid:
		want = general
	case len(list) == 0 && !m.has(given):
		want = hypercall.GNTST_bad_page
	}
	got, s := m.pin(ref, by, write)
	if s != want {
		m.t.Fatalf("pin of %d by %d, write %v: %d, want %d; there are %+v", ref, by, write, s, want, list)
	}
	if s != okay {
		return
	}
	if len(list) != 0 {
		given = list[0].m
	}
	if got != given {
		m.t.Fatalf("pin of %d: frame %d, want %d", ref, got, given)
	}
	m.pins[ref] = append(list, pin{by, got, write})
}

// has tells whether a frame is the granter's: till it gives it up, or else the last pin.
func (m *model) has(f frame.MFN) bool {
	for _, list := range m.pins {
		if len(list) != 0 && list[0].m == f {
			return true
		}
	}
	for _, page := range m.pages {
		if page == f {
			return !m.gone[f]
		}
	}
	return false
}

func anyWrites(list []pin) bool {
	for _, p := range list {
		if p.write {
			return true
		}
	}
	return false
}

func (m *model) swap(a, b hypercall.GrantRef) {
	e, f := m.entry(a), m.entry(b)
	was := [2]uint32{e.head.Load(), f.head.Load()}
	idle := len(m.pins[a])+len(m.pins[b]) == 0
	if s := m.table.Swap(m.h, a, b); (s == okay) != idle {
		m.t.Fatalf("swap of %d and %d: %d", a, b, s)
	}
	if idle && !m.closed && (e.head.Load() != was[1] || f.head.Load() != was[0]) {
		m.t.Fatalf("swap of %d and %d did not swap", a, b)
	}
}

// check compares the references that frames have with the pins.
func (m *model) check() {
	for _, page := range append([]frame.MFN{m.foreign}, m.pages...) {
		want := uint64(0)
		if !m.gone[page] {
			want = 1
		}
		for _, list := range m.pins {
			if len(list) != 0 && list[0].m == page {
				want++
			}
		}
		if got := records.Info(page).Ref.Load() & (1<<44 - 1); got != want {
			m.t.Fatalf("frame %d has %d references, want %d", page, got, want)
		}
	}
}
