package guestmem

import (
	"os"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"

	"tuco/kernel/frame"
	"tuco/kernel/lock"
	"tuco/kernel/pagetype"
	"tuco/kernel/pmm"
	"tuco/kernel/x86"
)

// The machine has 32 frames, of which a guest of number 1 owns some.
const ram = 32

var (
	memory []byte
	frames pagetype.Frames
	root   frame.MFN
	pages  [4]frame.MFN // mapped from base on: writable, read-only, not at all, writable
	tables [4]frame.MFN // L1 to L4
)

const (
	base frame.VAddr = 0x1000_0000_0000 // slot 32
	last             = base + 4*frame.PageSize

	leaf  = pagetype.Present | pagetype.User
	table = leaf | pagetype.RW
)

func TestMain(m *testing.M) {
	raw := make([]byte, (ram+1)*frame.PageSize)
	memory = raw[-uintptr(unsafe.Pointer(&raw[0]))&(frame.PageSize-1):]
	var h lock.Holder
	var all pmm.Map
	all.AddRAM(frame.PageSize, ram*frame.PageSize)
	plan, _ := all.Plan(frame.Between(0, ram))
	var records pmm.Allocator
	records.Init(&h, &all, plan, unsafe.Pointer(&memory[plan.At.Addr()]), func(*lock.Holder, frame.MFN, uint64) {})
	frames.Init(&records, unsafe.Pointer(&memory[0]))
	take := func() frame.MFN {
		f, _ := records.Alloc(&h, 0, pmm.Anywhere)
		frames.Assign(f, 1)
		return f
	}
	for i := range tables {
		tables[i] = take()
	}
	for i := range pages {
		pages[i] = take()
	}
	hypervisors, _ := records.Alloc(&h, 0, pmm.Anywhere)
	set := func(t frame.MFN, i int, e pagetype.PTE) { frames.Table(t)[i].Store(uint64(e)) }
	for i, flags := range []pagetype.PTE{table, leaf, 0, table} {
		set(tables[0], i, pagetype.MakePTE(pages[i], flags))
	}
	set(tables[0], 4, pagetype.MakePTE(hypervisors, table)) // which no guest could have made
	set(tables[0], 5, pagetype.MakePTE(1<<20, table))       // a device's
	set(tables[1], 0, pagetype.MakePTE(tables[0], table))
	set(tables[1], 1, pagetype.MakePTE(tables[0], leaf)) // all of it read-only
	set(tables[2], 0, pagetype.MakePTE(tables[1], table))
	for _, slot := range []int{32, 256, 257, 271, 272, 511} {
		set(tables[3], slot, pagetype.MakePTE(tables[2], table))
	}
	root = tables[3]
	os.Exit(m.Run())
}

// view has no page in its cache.
func view() *View { return viewOf(&root) }

func viewOf(root *frame.MFN) *View {
	v := &View{Frames: &frames, Root: root}
	v.Begin(new(lock.Holder))
	return v
}

func TestReadAndWrite(t *testing.T) {
	v := view()
	var b [16]byte
	_, ok := v.Write(base+8, []byte("within a page"))
	assert.True(t, ok)
	_, ok = v.Read(b[:13], base+8)
	assert.True(t, ok)
	assert.Equal(t, "within a page", string(b[:13]))
	assert.Equal(t, "within", string(frames.Page(pages[0])[8:14]))

	e := pagetype.PTE(frames.Table(tables[0])[0].Load())
	assert.Equal(t, pagetype.Accessed|pagetype.Dirty, e&(pagetype.Accessed|pagetype.Dirty), "as the processor notes it")

	_, ok = v.Read(b[:], base+frame.PageSize-8)
	assert.True(t, ok, "across two pages")
	f, ok := v.Write(base+frame.PageSize-8, b[:])
	assert.False(t, ok, "the second is read-only")
	assert.Equal(t, Fault{base + frame.PageSize, x86.PFWrite | x86.PFPresent}, f)
	f, ok = v.Read(b[:], base+2*frame.PageSize-8)
	assert.False(t, ok)
	assert.Equal(t, Fault{base + 2*frame.PageSize, 0}, f)
	f, ok = v.Write(base+1<<21, b[:])
	assert.False(t, ok, "the L2's entry is read-only")
	assert.Equal(t, Fault{base + 1<<21, x86.PFWrite | x86.PFPresent}, f)
	_, ok = v.Read(b[:], base+1<<21)
	assert.True(t, ok)
	_, ok = v.Read(nil, 0)
	assert.True(t, ok, "nothing is to be had everywhere")
}

func TestUpperHalf(t *testing.T) {
	v := view()
	var b [8]byte
	for _, slot := range []uint64{272, 511} {
		_, ok := v.Read(b[:], frame.VAddr(slot<<39|0xffff<<48))
		assert.True(t, ok, "slot %d", slot)
	}
}

// XSA-215, and XSA-29 and 212 before it: what is written for a guest, at an address
// that it has named, goes through its own tables. The hypervisor's part of the
// address space, which those have too, is nowhere; so is what is no RAM of a domain's.
func TestXSA215NotTheHypervisors(t *testing.T) {
	v := view()
	for _, a := range []frame.VAddr{
		0xffff_8000_0000_0000, 0xffff_8080_0000_0000, 0xffff_87ff_ffff_fff8, // slots 256, 257 and 271: mapped, but not the guest's
		0x8000_0000_0000, 0xffff_7fff_ffff_fff8, // not canonical
		1<<63 | base, base | 1<<48, // the same bits below, and not canonical
		base + 4*frame.PageSize, // a frame of the hypervisor's
		base + 5*frame.PageSize, // a device's
		0, ^frame.VAddr(0) &^ 7,
	} {
		var b [8]byte
		_, ok := v.Read(b[:], a)
		assert.False(t, ok, "read %x", a)
		_, ok = v.Write(a, b[:])
		assert.False(t, ok, "write %x", a)
		_, _, ok = v.Word(a, false)
		assert.False(t, ok, "word %x", a)
		_, ok = v.Writable(a, 8)
		assert.False(t, ok, "writable %x", a)
		assert.Zero(t, Some(v, make([]uint64, 4), a))
	}
	// What begins in the guest's memory does not go on beyond it.
	b := make([]byte, 2*frame.PageSize)
	f, ok := v.Write(base+3*frame.PageSize, b)
	assert.False(t, ok)
	assert.Equal(t, last, f.Address)
	nowhere := frame.NoMFN
	none := viewOf(&nowhere)
	_, ok = none.Read(b[:1], base)
	assert.False(t, ok, "no tables")
}

func TestSome(t *testing.T) {
	v := view()
	list := make([]uint64, 600)
	assert.Equal(t, 512, Some(v, list, base))
	assert.Zero(t, Some(v, list[:0], base))
	assert.Equal(t, 3, Some(v, list[:3], base))
	assert.Equal(t, 2, Some(v, list, base+frame.PageSize-16))
	assert.Equal(t, 1, Some(v, list, base+frame.PageSize-12), "of the second only a half is on the page")
	assert.Equal(t, 1, Some(v, list, base+frame.PageSize-4), "one at least, wherever it ends")
	assert.Zero(t, Some(v, list, base+2*frame.PageSize-4), "which is nowhere")
}

func TestDirect(t *testing.T) {
	v := view()
	d := Direct[uint64](v, base+3*frame.PageSize+4000, 12)
	assert.Len(t, d, 12)
	d[11] = 0x77
	assert.EqualValues(t, 0x77, frames.Table(pages[3])[511].Load())
	assert.Nil(t, Direct[uint64](v, base+3*frame.PageSize+4000, 13), "across a page")
	assert.Nil(t, Direct[uint64](v, base+frame.PageSize, 1), "read-only")
	assert.Nil(t, Direct[uint64](v, 0xffff_8000_0000_0000, 1))
}

func TestPutAll(t *testing.T) {
	v := view()
	assert.True(t, PutAll(v, base+3*frame.PageSize, []uint32{1, 2, 3}))
	assert.Equal(t, []byte{1, 0, 0, 0, 2, 0, 0, 0, 3}, frames.Page(pages[3])[:9])
	assert.True(t, PutAll(v, 0, []uint32{}))
	assert.False(t, PutAll(v, last-4, []uint32{1, 2}))
}

func TestGetAndPut(t *testing.T) {
	type pair struct{ A, B uint64 }
	v := view()
	assert.True(t, Put(v, base+3*frame.PageSize+100, &pair{7, 9}))
	var p pair
	assert.True(t, Get(v, &p, base+3*frame.PageSize+100))
	assert.Equal(t, pair{7, 9}, p)
	assert.False(t, Get(v, &p, base+2*frame.PageSize-8))
	assert.False(t, Put(v, base+frame.PageSize-8, &p))
}

func TestWord(t *testing.T) {
	v := view()
	w, _, ok := v.Word(base+16, true)
	assert.True(t, ok)
	w.Store(0x55)
	assert.EqualValues(t, 0x55, frames.Table(pages[0])[2].Load())
	_, _, ok = v.Word(base+20, false)
	assert.False(t, ok, "not aligned")
	_, _, ok = v.Word(base+frame.PageSize, true)
	assert.False(t, ok, "read-only")
}

func TestAllows(t *testing.T) {
	v := view()
	for _, test := range []struct {
		a    frame.VAddr
		code uint32
		want bool
	}{
		{base, 0, true}, {base, x86.PFWrite, true}, {base + frame.PageSize, 0, true}, {base + frame.PageSize, x86.PFWrite, false},
		{base + 2*frame.PageSize, 0, false}, {base + 1<<21, x86.PFWrite, false}, {base, x86.PFFetch, true},
		{0xffff_8000_0000_0000, 0, false}, {0x8000_0000_0000, 0, false},
	} {
		assert.Equal(t, test.want, v.Allows(test.a, test.code), "%x %x", test.a, test.code)
	}
	frames.Table(tables[0])[0].Or(uint64(pagetype.NoExecute))
	assert.False(t, v.Allows(base, x86.PFFetch))
	frames.Table(tables[0])[0].And(^uint64(pagetype.NoExecute))
}

func TestEntry(t *testing.T) {
	v := view()
	e, ok := v.Entry(base + frame.PageSize)
	assert.True(t, ok)
	assert.Equal(t, pages[1], e.MFN())
	_, ok = v.Entry(base + 2*frame.PageSize)
	assert.True(t, ok, "an entry that maps nothing")
	for _, a := range []frame.VAddr{base + 1<<30, 0, 0xffff_8000_0000_0000} {
		_, ok = v.Entry(a)
		assert.False(t, ok, "%x", a)
	}
}
