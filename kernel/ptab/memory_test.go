package ptab

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/kernel/frame"
)

// fakeMemory hands out tables full of garbage, and refuses after left of them.
type fakeMemory struct {
	tables map[frame.MFN]*Table
	left   int
}

func newMemory() *fakeMemory {
	return &fakeMemory{tables: map[frame.MFN]*Table{}, left: 1 << 30}
}

func (f *fakeMemory) Table(m frame.MFN) *Table {
	t, ok := f.tables[m]
	if !ok {
		panic("no table there")
	}
	return t
}

func (f *fakeMemory) Alloc() (frame.MFN, bool) {
	if f.left == 0 {
		return 0, false
	}
	f.left--
	m, t := frame.MFN(0x7_0000_0000+len(f.tables)), new(Table)
	for i := range t {
		t[i].Store(0xdead_beef_dead_beef)
	}
	f.tables[m] = t
	return m, true
}

func newSpace(t testing.TB, largest Size) (*Space, *fakeMemory) {
	memory, s := newMemory(), new(Space)
	require.Equal(t, OK, s.Init(memory, largest))
	return s, memory
}

// translation is what a processor finds, walking the tables as the manuals say.
// It is written without the package's code, to judge it.
type translation struct {
	address              uint64
	write, execute, user bool
	global               bool
	pat                  uint64 // index into the PAT
	pageBits             uint
}

func (f *fakeMemory) walk(root frame.MFN, v uint64) (translation, bool) {
	x := translation{write: true, execute: true, user: true}
	table := uint64(root) << 12
	for shift := uint(39); ; shift -= 9 {
		e := f.Table(frame.MFN(table >> 12))[v>>shift&511].Load()
		if e&1 == 0 {
			return translation{}, false
		}
		x.write = x.write && e>>1&1 == 1
		x.user = x.user && e>>2&1 == 1
		x.execute = x.execute && e>>63 == 0
		if shift == 12 || shift < 39 && e>>7&1 == 1 {
			pat := e >> 12 & 1
			base := e & 0x000f_ffff_ffff_e000
			if shift == 12 {
				pat = e >> 7 & 1
				base = e & 0x000f_ffff_ffff_f000
			}
			if base&(1<<shift-1) != 0 {
				panic("reserved bits of a large page are set")
			}
			x.address = base | v&(1<<shift-1)
			x.pat = pat<<2 | e>>3&3
			x.global = e>>8&1 == 1
			x.pageBits = shift
			return x, true
		}
		table = e & 0x000f_ffff_ffff_f000
	}
}

// segment is adjacent pages with adjacent frames and equal flags.
type segment struct {
	at    frame.VAddr
	m     frame.MFN
	n     uint64 // pages of 4 KiB
	flags Flags
}

// segments lists what a space maps, whatever the sizes of the pages.
func (s *Space) segments() (all []segment) {
	for p, ok := s.First(); ok; p, ok = s.Next(p) {
		all = join(all, segment{p.At, p.MFN, p.Size.Frames(), p.Flags})
	}
	return
}

func join(all []segment, x segment) []segment {
	if k := len(all) - 1; k >= 0 {
		last := &all[k]
		if last.at+frame.VAddr(last.n<<12) == x.at && last.m+frame.MFN(last.n) == x.m && last.flags == x.flags {
			last.n += x.n
			return all
		}
	}
	return append(all, x)
}
