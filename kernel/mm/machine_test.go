//go:build model || race

package mm

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"unsafe"

	"tuco/kernel/frame"
	"tuco/kernel/lock"
	"tuco/kernel/pagetype"
	"tuco/kernel/pmm"
)

// The model's machine: 64 frames of RAM and a device at frame 100.
const (
	ram    = 64
	device = frame.MFN(100)

	safeAbove = frame.MAddr(1 << 45)
)

// hostSlots stand for the entries of the hypervisor's in each root.
var hostSlots = func() (s [pagetype.Slots]pagetype.PTE) {
	for i := range s {
		s[i] = pagetype.MakePTE(frame.MFN(i+1)<<20, pagetype.Present)
	}
	return
}()

type machine struct {
	frames pagetype.Frames
	pmm    pmm.Allocator
	memory []byte
	m2p    [ram]uint64
	life   [ram + 1]atomic.Uint32 // how often the frame was handed out
	wild   [ram + 1]bool          // it was an update ring's since, or markWild found it
	// flushAll drops all guests' translations and waits for the end; scrub, on
	// whichever CPU allocates, needs it.
	flushAll func()
	scrubbed func(m frame.MFN)
	// owner and mapper are the domain beside domain 0 that has the device, and the one whose tables may map it, or 0. They differ
	// while it is taken back.
	owner, mapper pagetype.Owner
}

func must(ok bool, what string) {
	if !ok {
		panic(what)
	}
}

func newMachine() *machine {
	x := &machine{}
	raw := make([]byte, (ram+3)*frame.PageSize)
	skip := -uintptr(unsafe.Pointer(&raw[0])) & (frame.PageSize - 1)
	x.memory = raw[skip:]
	m := new(pmm.Map)
	must(m.AddRAM(frame.PageSize, (ram+1)*frame.PageSize) == pmm.OK, "RAM")
	p, r := m.Plan(frame.Between(0, ram+1))
	must(r == pmm.OK, "plan")
	room := make([]uint64, frame.PageSize/8*4)
	h := &lock.Holder{}
	x.flushAll = func() {}
	x.scrubbed = func(frame.MFN) {}
	r = x.pmm.Init(h, m, p, unsafe.Pointer(&room[0]), x.scrub)
	must(r == pmm.OK, "allocator")
	x.frames.Init(&x.pmm, unsafe.Pointer(&x.memory[0]))
	return x
}

// scrub is what the kernel does with a frame before it is used again.
func (x *machine) scrub(_ *lock.Holder, m frame.MFN, n uint64) {
	for ; n > 0; n-- {
		if x.frames.DueEveryone(m) {
			x.flushAll()
		}
		x.scrubbed(m)
		x.life[m].Add(1)
		x.wild[m] = false
		t := x.frames.Table(m)
		for i := range t {
			t[i].Store(0)
		}
		m++
	}
}

func (x *machine) alloc(h *lock.Holder, o pagetype.Owner) (frame.MFN, bool) {
	m, r := x.pmm.Alloc(h, 0, pmm.Anywhere)
	if r != pmm.OK {
		return 0, false
	}
	x.frames.Assign(m, o)
	return m, true
}

// What the model reads of a frame's record. It knows the layout by itself, as
// the recount must not rest on what it checks.
type state struct {
	used                                         bool
	owner                                        pagetype.Owner
	refs, count                                  uint64
	typ                                          pagetype.Type
	allocated                                    bool
	pinned, validated, partial, doomed, changing bool
	part                                         uint16
}

func (x *machine) state(m frame.MFN) (s state) {
	i := x.pmm.Info(m)
	ref := i.Ref.Load()
	if ref == 0 {
		return
	}
	w := i.Type.Load()
	return state{
		used: true, owner: pagetype.Owner(ref >> 48), refs: ref & (1<<44 - 1), allocated: ref>>44&1 != 0,
		typ: pagetype.Type(w >> 44 & 7), count: w & (1<<44 - 1),
		pinned: w>>47&1 != 0, validated: w>>48&1 != 0, partial: w>>49&1 != 0, doomed: w>>50&1 != 0, changing: w>>51&1 != 0,
		part: i.Part,
	}
}

func (s state) isTable() bool { return s.typ >= pagetype.L1 && s.typ <= pagetype.L4 }

// counted is how many entries of the frame hold references.
func (s state) counted() int {
	switch {
	case !s.used || !s.isTable():
		return 0
	case s.validated:
		return pagetype.Entries
	case s.partial || s.doomed:
		return int(s.part)
	}
	return 0
}

func (s state) String() string {
	return fmt.Sprintf("{owner %d refs %d %v count %d pinned %v validated %v partial %v doomed %v changing %v part %d}",
		s.owner, s.refs, s.typ, s.count, s.pinned, s.validated, s.partial, s.doomed, s.changing, s.part)
}

// The slots of tables that the model's guests use.
var slots = [...]int{0, 1, 3, 511}

// counted are these and two that are the hypervisor's in a root.
// They do unless an update ring was lied on.
var countedSlots = []int{0, 1, 3, pagetype.FirstSlot, pagetype.EndSlot - 1, 511}

// markWild finds the tables which have entries in other slots too, as requests have that were
// in no guest's mind when something else was written where a ring looks for them.
func (x *machine) markWild() {
next:
	for m := frame.MFN(1); m <= ram; m++ {
		if x.wild[m] {
			continue
		}
		t := x.frames.Table(m)
		for i := range t {
			if t[i].Load() != 0 && !slices.Contains(countedSlots, i) {
				x.wild[m] = true
				continue next
			}
		}
	}
}

// allSlots are counted in a frame that may hold anything anywhere.
var allSlots = func() (list []int) {
	for i := range pagetype.Entries {
		list = append(list, i)
	}
	return list
}()

func anySlot(r *rand.Rand) int { return slots[r.IntN(len(slots))] }

func anyAddress(r *rand.Rand) frame.VAddr {
	v := frame.VAddr(0)
	for range 4 {
		v = v<<9 | frame.VAddr(anySlot(r))
	}
	v <<= 12
	return frame.VAddr(int64(v<<16) >> 16)
}
