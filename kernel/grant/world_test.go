package grant

import (
	"os"
	"runtime"
	"testing"
	"unsafe"

	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/klog"
	"tuco/kernel/lock"
	"tuco/kernel/pagetype"
	"tuco/kernel/pmm"
)

// The machine has 64 frames. Domain 1 grants; its frames are those of granters.
const (
	ram      = 64
	granter  = 1
	user     = 2
	stranger = 3
)

var (
	memory  []byte
	records pmm.Allocator
	frames  pagetype.Frames
)

func TestMain(m *testing.M) {
	klog.OnBug = func(reason []byte) { panic("bug: " + string(reason)) }
	lock.Violation = func(f lock.Fault) { panic(f.Kind.String()) }
	raw := make([]byte, (ram+1)*frame.PageSize)
	memory = raw[-uintptr(unsafe.Pointer(&raw[0]))&(frame.PageSize-1):]
	h := holder()
	var all pmm.Map
	all.AddRAM(frame.PageSize, ram*frame.PageSize)
	plan, _ := all.Plan(frame.Between(0, ram))
	records.Init(h, &all, plan, unsafe.Pointer(&memory[plan.At.Addr()]), func(*lock.Holder, frame.MFN, uint64) {})
	frames.Init(&records, unsafe.Pointer(&memory[0]))
	os.Exit(m.Run())
}

// holder is a CPU's. Whoever waits for a lock lets others run: there are fewer real CPUs.
func holder() *lock.Holder { return &lock.Holder{Serve: func(*lock.Holder) { runtime.Gosched() }} }

// world is a table of two frames of entries, whose owner has some frames; and what one
// domain has mapped.
type world struct {
	t       testing.TB
	h       *lock.Holder
	w       pagetype.Work
	space   pagetype.Space
	table   Table
	entries [2]*Entries
	pages   []frame.MFN // of the granter's
	foreign frame.MFN   // of another domain's
}

func newWorld(t testing.TB) *world {
	x := &world{t: t, h: holder()}
	x.space.Init(user, 1)
	x.w.Init(&frames, &x.space, granter, 1000)
	x.table.Init(granter)
	for i := range x.entries {
		x.entries[i] = new(Entries)
		x.table.Add(frame.MFN(1000+i), x.entries[i], new(Uses))
	}
	take := func(o pagetype.Owner) frame.MFN {
		m, r := records.Alloc(x.h, 0, pmm.Anywhere)
		if r != pmm.OK {
			t.Fatal("no frames")
		}
		frames.Assign(m, o)
		return m
	}
	for range 4 {
		x.pages = append(x.pages, take(granter))
	}
	x.foreign = take(stranger)
	t.Cleanup(func() {
		var end pagetype.Work
		for _, o := range []pagetype.Owner{granter, stranger} {
			var s pagetype.Space
			s.Init(o, 1)
			end.Init(&frames, &s, o, 1000)
			for m := range frame.MFN(ram) {
				end.Surrender(m)
			}
			x.free(&end)
		}
		for m := range frame.MFN(ram) {
			if o, owned := frames.Owner(m); owned {
				t.Errorf("frame %d is left to domain %d", m, o)
			}
		}
	})
	return x
}

// free gives back what was freed, and says how many frames.
func (x *world) free(w *pagetype.Work) (n int) {
	for {
		m, _, ok := w.NextFreed()
		if !ok {
			return n
		}
		records.Free(x.h, m, 0)
		n++
	}
}

// write is what a granter writes into an entry.
func (x *world) write(ref hypercall.GrantRef, flags uint16, to hypercall.DomID, m frame.MFN) {
	e := x.entry(ref)
	e.frame.Store(uint32(m))
	e.head.Store(uint32(flags) | uint32(to)<<16)
}

func (x *world) entry(ref hypercall.GrantRef) *Entry { return &x.entries[ref/PerFrame][ref%PerFrame] }

func (x *world) flags(ref hypercall.GrantRef) uint16 { return uint16(x.entry(ref).head.Load()) }

func (x *world) pin(ref hypercall.GrantRef, by hypercall.DomID, write bool) (frame.MFN, hypercall.GrantStatus) {
	return x.table.Pin(x.h, &x.w, ref, by, write)
}

func (x *world) unpin(ref hypercall.GrantRef, write bool) { x.table.Unpin(x.h, &x.w, ref, write) }

// surrender has the granter give a frame back.
func (x *world) surrender(m frame.MFN) {
	var s pagetype.Space
	s.Init(granter, 1)
	var w pagetype.Work
	w.Init(&frames, &s, granter, 1000)
	w.Surrender(m)
	x.free(&w)
}
