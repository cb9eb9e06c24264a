package pagetype

import (
	"sync/atomic"
	"unsafe"

	"tuco/kernel/frame"
	"tuco/kernel/pmm"
)

// Table is the content of a frame that holds a page table or descriptors.
// Processors and guests read it at any time, so that entries are written whole.
type Table [Entries]atomic.Uint64

// skip is the first entry from one on that is not zero, or Entries. Most of most
// tables is zero.
func (t *Table) skip(n int) int {
	for ; n%line != 0; n++ {
		if t[n].Load() != 0 {
			return n
		}
	}
	for i := n / line; i < Entries/line; i++ {
		if t.empty(i) {
			continue
		}
		for n = line * i; t[n&(Entries-1)].Load() == 0 && n%line != line-1; {
			n++
		}
		return n
	}
	return Entries
}

// skipDown is how many entries from the first on are left of n when those at the end
// that are zero are left out.
func (t *Table) skipDown(n int) int {
	for n > 0 {
		if n%line == 0 && t.empty(n/line-1) {
			n -= line
			continue
		}
		if t[(n-1)&(Entries-1)].Load() != 0 {
			break
		}
		n--
	}
	return n
}

const line = 8 // how many entries are looked at together

// empty tells whether a line of entries is all zero.
func (t *Table) empty(i int) bool {
	q := &(*[Entries / line][line]atomic.Uint64)(unsafe.Pointer(t))[i&(Entries/line-1)]
	return q[0].Load()|q[1].Load()|q[2].Load()|q[3].Load()|q[4].Load()|q[5].Load()|q[6].Load()|q[7].Load() == 0
}

// Frames is all of the machine's frames. There is one in the kernel.
type Frames struct {
	clock    atomic.Uint64 // counts flushes
	everyone atomic.Uint64 // time of the last flush of all guests' translations

	records *pmm.Allocator
	memory  unsafe.Pointer // where machine address 0 appears
}

// Init takes the frames' records, and where machine address 0 appears.
func (f *Frames) Init(records *pmm.Allocator, memory unsafe.Pointer) {
	f.records, f.memory = records, memory
	f.clock.Store(1)
	f.everyone.Store(1)
}

// Table is the content of a frame that is RAM.
func (f *Frames) Table(m frame.MFN) *Table {
	return (*Table)(unsafe.Add(f.memory, uint64(m.Addr())))
}

// Below is the table that an entry points to.
func (f *Frames) Below(e PTE) *Table { return (*Table)(unsafe.Add(f.memory, uint64(e&frameBits))) }

// Page is the content of a frame that is RAM, as bytes.
func (f *Frames) Page(m frame.MFN) *[frame.PageSize]byte {
	return (*[frame.PageSize]byte)(unsafe.Add(f.memory, uint64(m.Addr())))
}

// Array is the content of a frame that is RAM as so many elements as it holds. The guest may change them at any time: they are to be
// copied, and the copies looked at.
func Array[T any](f *Frames, m frame.MFN) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(f.Page(m))), frame.PageSize/unsafe.Sizeof(*new(T)))
}

func (f *Frames) info(m frame.MFN) *pmm.Info { return f.records.Info(m) }

func load(i *pmm.Info) word {
	step()
	return word(i.Type.Load())
}

func swap(i *pmm.Info, old, new word) bool {
	step()
	return i.Type.CompareAndSwap(uint64(old), uint64(new))
}

// store is for a word that nobody else changes now: one that is changing,
// or of a table, whose domain's lock is held.
func store(i *pmm.Info, x word) {
	step()
	i.Type.Store(uint64(x))
}
