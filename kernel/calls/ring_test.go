package calls

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
	"tuco/kernel/pagetype"
	"tuco/kernel/percpu"
)

// ring is a guest's side of an update ring.
type ring struct {
	g      *guest
	frames []frame.MFN
}

// newRing registers a ring of so many frames, which the guest has mapped nowhere.
func newRing(g *guest, frames int) *ring {
	r := &ring{g: g}
	for range frames {
		r.frames = append(r.frames, g.alloc())
	}
	require.Zero(g.t, r.register())
	return r
}

func (r *ring) register() int64 {
	s := hypercall.TucoRingRegister{NrFrames: uint32(len(r.frames))}
	for i, m := range r.frames {
		s.Frames[i] = hypercall.XenPFN(m)
	}
	return r.g.call(tucoCall, hypercall.TUCOOP_ring_register, r.g.write(64, s))
}

func (r *ring) shared() *pagetype.Table { return machine.Types.Table(r.frames[0]) }
func (r *ring) prod() uint64            { return r.shared()[hypercall.TucoRingProd].Load() }
func (r *ring) cons() uint64            { return r.shared()[hypercall.TucoRingCons].Load() }
func (r *ring) refused() uint64         { return r.shared()[hypercall.TucoRingRefused].Load() }
func (r *ring) state() uint64           { return r.shared()[hypercall.TucoRingState].Load() }
func (r *ring) move(prod uint64)        { r.shared()[hypercall.TucoRingProd].Store(prod) }

// slot is where entry n is.
func (r *ring) slot(n uint64) (t *pagetype.Table, word uint64) {
	n %= uint64(len(r.frames)-1) * hypercall.TucoRingSlots
	return machine.Types.Table(r.frames[1+n/hypercall.TucoRingSlots]), n % hypercall.TucoRingSlots * 2
}

func (r *ring) write(n, ptr, val uint64) {
	t, word := r.slot(n)
	t[word].Store(ptr)
	t[word+1].Store(val)
}

// put puts entries.
func (r *ring) put(list ...hypercall.MMUUpdate) {
	at := r.prod()
	for i, u := range list {
		r.write(at+uint64(i), u.Ptr, u.Val)
	}
	r.move(at + uint64(len(list)))
}

// exit is the vCPU's exits, until nothing waits.
func (r *ring) exit() (steps int) {
	for steps = 1; !machine.DrainRing(r.g.v, r.g.v); steps++ {
		r.g.v.Holder().AssertNone()
		require.Less(r.g.t, steps, 1000, "no end")
	}
	return steps
}

// refusal is what entry n was refused for, or 0.
func (r *ring) refusal(n uint64) hypercall.Errno {
	t, word := r.slot(n)
	if t[word].Load()&hypercall.TUCORING_refused == 0 {
		return 0
	}
	return hypercall.Errno(t[word+1].Load())
}

func entryFor(l1 frame.MFN, i int, e pagetype.PTE) hypercall.MMUUpdate {
	return hypercall.MMUUpdate{Ptr: slot(l1, i), Val: uint64(e)}
}

func TestRing(t *testing.T) {
	for _, frames := range []int{2, 3, 5} {
		g := newGuest(t, false)
		r := newRing(g, frames)
		assert.EqualValues(t, hypercall.TUCORING_active, r.state())
		assert.False(t, g.v.Ring.Waiting())
		m := g.alloc()
		size := (frames - 1) * hypercall.TucoRingSlots
		put := uint64(0)
		for round := range 5 { // around the ring's end
			n := size - round*7
			for i := range n {
				r.put(entryFor(g.l1, 100+i%300, pagetype.MakePTE(m, table)))
			}
			put += uint64(n)
			assert.True(t, g.v.Ring.Waiting())
			r.exit()
			assert.False(t, g.v.Ring.Waiting())
			assert.Equal(t, put, r.cons())
		}
		assert.Zero(t, r.refused())
		assert.Equal(t, pagetype.MakePTE(m, table), g.entry(g.l1, 100))
		for i := range 300 {
			r.put(entryFor(g.l1, 100+i, 0))
			if i%100 == 0 {
				r.exit()
			}
		}
		r.exit()
		assert.Zero(t, g.entry(g.l1, 399))
	}
}

// Each entry is answered for by itself, by the same judgement as mmu_update's.
func TestRingRefusals(t *testing.T) {
	g, other := newGuest(t, false), newGuest(t, false)
	r := newRing(g, 2)
	m := g.alloc()
	list := []struct {
		hypercall.MMUUpdate
		want hypercall.Errno
	}{
		{entryFor(g.l1, 100, pagetype.MakePTE(m, table)), 0},
		{entryFor(g.l1, 101, pagetype.MakePTE(g.l1, table)), hypercall.EBUSY},
		{entryFor(g.l1, 102, pagetype.MakePTE(other.pages[0], leaf)), hypercall.EBUSY},
		{entryFor(g.l1, 103, pagetype.MakePTE(1<<20, leaf)), hypercall.EPERM},
		{entryFor(g.l1, 104, pagetype.MakePTE(m, leaf)), 0},
		{entryFor(g.l4, 256, pagetype.MakePTE(g.l3, table)), hypercall.EINVAL},
		{hypercall.MMUUpdate{Ptr: slot(g.l1, 105) | 4, Val: 0}, hypercall.ENOSYS},
		{hypercall.MMUUpdate{Ptr: ^uint64(0), Val: 0}, hypercall.ENOSYS},
		{hypercall.MMUUpdate{Ptr: 1 << 60, Val: 0}, hypercall.EINVAL},
		{entryFor(r.frames[0], 100, 77), 0}, // the ring itself is writable memory
		{entryFor(g.l1, 106, pagetype.MakePTE(r.frames[0], table)), 0},
		{entryFor(g.l2, 7, pagetype.MakePTE(r.frames[1], table)), hypercall.EINVAL}, // and no table
		{entryFor(g.l1, 106, 0), 0},
	}
	want := uint64(0)
	for _, e := range list {
		r.put(e.MMUUpdate)
		if e.want != 0 {
			want++
		}
	}
	r.exit()
	assert.EqualValues(t, len(list), r.cons())
	assert.Equal(t, want, r.refused())
	for i, e := range list {
		assert.Equal(t, e.want, r.refusal(uint64(i)), i)
	}
	assert.Equal(t, pagetype.MakePTE(m, leaf), g.entry(g.l1, 104), "what is behind a refused one is made")
	assert.EqualValues(t, 77, r.shared()[100].Load())
}

// XSA-155: an entry that was taken is a copy. Here one changes another behind it, in the ring's own memory.
func TestXSA155RingCopiedOnce(t *testing.T) {
	g := newGuest(t, false)
	r := newRing(g, 2)
	good, evil := pagetype.MakePTE(g.pages[6], table), pagetype.MakePTE(g.pages[7], table)
	secondVal := r.frames[1].Addr() + 3*8
	r.put(hypercall.MMUUpdate{Ptr: uint64(secondVal), Val: uint64(evil)}, entryFor(g.l1, 100, good))
	r.exit()
	assert.Zero(t, r.refused())
	assert.EqualValues(t, evil, machine.Types.Table(r.frames[1])[3].Load())
	assert.Equal(t, good, g.entry(g.l1, 100))
}

// XSA-38, XSA-86: an index that can't be ends the ring, and nothing else.
func TestXSA38RingIndex(t *testing.T) {
	for _, wrong := range []uint64{256 + 1, 1 << 32, 1 << 63, ^uint64(0)} {
		g := newGuest(t, false)
		r := newRing(g, 2)
		before := references(g.pages[7])
		r.write(0, slot(g.l1, 100), uint64(pagetype.MakePTE(g.pages[7], table)))
		r.move(wrong)
		assert.True(t, g.v.Ring.Waiting())
		r.exit()
		assert.EqualValues(t, hypercall.TUCORING_broken, r.state(), "%x", wrong)
		assert.Zero(t, r.cons())
		assert.False(t, g.v.Ring.Waiting())
		assert.Zero(t, g.entry(g.l1, 100), "nothing was made")
		assert.Equal(t, before, references(g.pages[7]))
		assert.Equal(t, failed(hypercall.ENXIO), g.call(tucoCall, hypercall.TUCOOP_ring_kick, 0))
		assert.Equal(t, failed(hypercall.ENXIO), g.call(tucoCall, hypercall.TUCOOP_ring_unregister, 0))

		// It can have another, which begins where the index stands.
		assert.Zero(t, r.register())
		assert.Equal(t, wrong, r.cons())
		r.put(entryFor(g.l1, 100, pagetype.MakePTE(g.pages[7], table)))
		r.exit()
		assert.Equal(t, wrong+1, r.cons())
		assert.Equal(t, pagetype.MakePTE(g.pages[7], table), g.entry(g.l1, 100))
	}
}

// The index goes back: what was answered for is not made again.
func TestRingBack(t *testing.T) {
	g := newGuest(t, false)
	r := newRing(g, 2)
	r.put(entryFor(g.l1, 100, pagetype.MakePTE(g.pages[0], leaf)), entryFor(g.l1, 100, 0))
	r.exit()
	r.move(1)
	r.exit()
	assert.EqualValues(t, hypercall.TUCORING_broken, r.state())
	assert.Zero(t, g.entry(g.l1, 100))
}

func TestRingRegister(t *testing.T) {
	g, other := newGuest(t, false), newGuest(t, false)
	a, b := g.alloc(), g.alloc()
	for _, test := range []struct {
		name   string
		frames []frame.MFN
		n      uint32
		want   hypercall.Errno
	}{
		{"none", nil, 0, hypercall.EINVAL},
		{"no slots", []frame.MFN{a}, 1, hypercall.EINVAL},
		{"no power of two", []frame.MFN{a, b, g.pages[1], g.pages[2]}, 4, hypercall.EINVAL},
		{"more than there can be", []frame.MFN{a, b}, 6, hypercall.EINVAL},
		{"as many as there can't be", []frame.MFN{a, b}, ^uint32(0), hypercall.EINVAL},
		{"a table", []frame.MFN{g.l1, b}, 2, hypercall.EINVAL},
		{"a table for slots", []frame.MFN{a, g.l2}, 2, hypercall.EINVAL},
		{"another's", []frame.MFN{a, other.pages[0]}, 2, hypercall.EINVAL},
		{"the hypervisor's", []frame.MFN{hypervisorFrame, b}, 2, hypercall.EINVAL},
		{"what is no RAM", []frame.MFN{a, 1 << 20}, 2, hypercall.EINVAL},
		{"no frame at all", []frame.MFN{a, frame.NoMFN}, 2, hypercall.EINVAL},
		{"a ring", []frame.MFN{a, b}, 2, 0},
		{"another", []frame.MFN{g.pages[1], g.pages[2]}, 2, hypercall.EEXIST},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := hypercall.TucoRingRegister{NrFrames: test.n}
			for i, m := range test.frames {
				s.Frames[i] = hypercall.XenPFN(m)
			}
			assert.Equal(t, failed(test.want), g.call(tucoCall, hypercall.TUCOOP_ring_register, g.write(64, s)))
		})
	}
	assert.Equal(t, failed(hypercall.EFAULT), g.call(tucoCall, hypercall.TUCOOP_ring_register, bad))
	assert.Zero(t, g.call(tucoCall, hypercall.TUCOOP_ring_unregister, 0))
	assert.Equal(t, failed(hypercall.ENXIO), g.call(tucoCall, hypercall.TUCOOP_ring_unregister, 0))
	for _, id := range []uint64{1, 64, ^uint64(0), 1 << 32} {
		assert.Equal(t, failed(hypercall.ENOENT), g.call(tucoCall, hypercall.TUCOOP_ring_kick, id))
	}
	assert.Equal(t, failed(hypercall.ENXIO), g.call(tucoCall, hypercall.TUCOOP_ring_kick, 0))
}

// For as long as it is a ring's a frame is not freed and becomes nothing else, whatever the guest does with it.
func TestRingFrames(t *testing.T) {
	g := newGuest(t, false)
	r := newRing(g, 2)
	for _, m := range r.frames {
		assert.Equal(t, failed(hypercall.EINVAL), g.extended(hypercall.MMUEXT_PIN_L1_TABLE, m))
	}
	give := hypercall.XenMemoryReservation{NrExtents: 2, DomID: hypercall.DOMID_SELF, ExtentStart: hypercall.Handle[hypercall.XenPFN](g.at(512))}
	g.write(512, []uint64{uint64(r.frames[0]), uint64(r.frames[1])})
	assert.EqualValues(t, 2, g.call(hypercall.HYPERVISOR_memory_op, hypercall.XENMEM_decrease_reservation, g.write(64, give)))
	assert.True(t, machine.Types.Owned(r.frames[0]) && machine.Types.Owned(r.frames[1]), "they are freed when the ring lets go of them")
	r.put(entryFor(g.l1, 100, pagetype.MakePTE(g.pages[0], leaf)))
	r.exit()
	assert.Equal(t, pagetype.MakePTE(g.pages[0], leaf), g.entry(g.l1, 100), "it works till then")
	assert.Zero(t, g.call(tucoCall, hypercall.TUCOOP_ring_unregister, 0))
	assert.False(t, machine.Types.Owned(r.frames[0]) || machine.Types.Owned(r.frames[1]))
	assert.Equal(t, failed(hypercall.EINVAL), r.register())

	// One that was unregistered can become a table.
	r = newRing(g, 2)
	assert.Zero(t, g.call(tucoCall, hypercall.TUCOOP_ring_unregister, 0))
	for _, m := range r.frames {
		for i := range pagetype.Entries {
			g.set(m, i, 0)
		}
		assert.Zero(t, g.extended(hypercall.MMUEXT_PIN_L1_TABLE, m))
		assert.Zero(t, g.extended(hypercall.MMUEXT_UNPIN_TABLE, m))
	}
	// An open one leaves with the domain: see guest.end.
	newRing(g, 5)
}

// A ring takes no longer than a step at a time.
func TestRingSteps(t *testing.T) {
	g := newGuest(t, false)
	r := newRing(g, 5)
	m := g.alloc()
	for round := range 3 {
		for i := range 1024 {
			e := entryFor(g.l1, 100+i%300, pagetype.MakePTE(m, table))
			if round == 1 && i%2 == 0 {
				e.Ptr |= 4 // refused
			}
			r.put(e)
		}
		r.exit()
	}
	// Tables are torn down and validated anew, 512 entries each time.
	for i := range 100 {
		e := pagetype.PTE(0)
		if i%2 == 1 {
			e = pagetype.MakePTE(g.l1, table)
		}
		r.put(entryFor(g.l2, 3, e))
	}
	low := g.alloc()
	for i := range pagetype.Entries {
		g.set(low, i, pagetype.MakePTE(m, leaf))
	}
	for i := range 20 {
		e := pagetype.PTE(0)
		if i%2 == 0 {
			e = pagetype.MakePTE(low, table)
		}
		r.put(entryFor(g.l2, 4, e))
	}
	assert.Greater(t, r.exit(), 5)
	assert.EqualValues(t, 512, r.refused())
	assert.Equal(t, r.prod(), r.cons())
}

// Another vCPU of the domain can have a ring drained.
func TestRingKick(t *testing.T) {
	g := newGuest(t, false)
	r := newRing(g, 2)
	second := &domain.VCPU{Domain: g.d, CPU: percpu.Get(0), ID: 1}
	second.BeginMemory(second.Holder())
	second.SetMemory(&machine.Types)
	second.Ring.Init()
	second.PV.Stub = &domain.Stub{Kernel: true}
	g.d.AddVCPU(second)
	first := g.v
	m := g.alloc()
	r.put(entryFor(g.l1, 100, pagetype.MakePTE(m, table)))
	var a hypercall.Args
	a.Set(&hypercall.ArgList{hypercall.TUCOOP_ring_kick, 0})
	assert.Zero(t, tucoOp(second, &a))
	assert.Equal(t, pagetype.MakePTE(m, table), g.entry(g.l1, 100))
	assert.False(t, first.Ring.Waiting())

	r.move(5000)
	assert.Equal(t, failed(hypercall.ENXIO), tucoOp(second, &a))
	assert.EqualValues(t, hypercall.TUCORING_broken, r.state())
	assert.False(t, first.Ring.Live())
}

// FuzzRing lets a guest write what it likes to its ring, and do with the ring's frames what it likes: nothing of it is a bug, none
// touches the other domain, and when the domain is taken apart no frame is left over.
func FuzzRing(f *testing.F) {
	for _, seed := range []string{
		"\x00\x01\x02\x03\x04\x05\x06\x07", "put, lie, register, pin, give away and drain what there is, and then again",
		"\x00\x00\x00\x05\x10\x02\x00\x09\x01\x03\x01\x00\x03\x07\x02\x02\x00\x01\x05\x03\x04\x04\x05\x05\x06",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		g, other := newGuest(t, false), newGuest(t, false)
		theirs := references(other.pages[0])
		r := newRing(g, []int{2, 3, 5}[len(input)%3])
		in := source(input)
		for n := 0; n < 64 && len(in) > 0; n++ {
			r.fuzz(&in, other)
		}
		assert.Equal(t, theirs, references(other.pages[0]))
	})
}

func (r *ring) fuzz(in *source, other *guest) {
	g := r.g
	any := func() frame.MFN {
		if in.pick(3) == 0 {
			return r.frames[in.pick(len(r.frames))]
		}
		return g.frame(in, other)
	}
	choice := in.pick(9)
	if choice <= 4 && !g.v.Ring.Live() && r.isTable() {
		return // it can't write there
	}
	switch choice {
	case 0, 1, 2:
		// Its own tables stay mostly as they are: it goes on by them.
		ptr := slot(any(), 2*in.pick(256)) | uint64(in.pick(8))
		if m := frame.MAddr(ptr).MFN(); m == g.l1 && ptr>>3%512 < 30 || m == g.l2 || m == g.l3 || m == g.l4 {
			ptr = slot(g.l1, 100+in.pick(100))
		}
		val := g.anyEntry(in, other)
		if in.pick(3) == 0 {
			val = uint64(pagetype.MakePTE(any(), table))
		}
		r.put(hypercall.MMUUpdate{Ptr: ptr, Val: val})
	case 3:
		machine.DrainRing(g.v, g.v)
	case 4: // it lies
		r.shared()[in.pick(12)].Store(r.cons() + in.word()>>in.pick(64))
	case 5:
		r.register()
	case 6:
		g.call(tucoCall, hypercall.TUCOOP_ring_unregister, 0)
	case 7:
		m := any()
		if m != g.l1 && m != g.l2 && m != g.l3 && m != g.l4 {
			g.extended([]uint32{hypercall.MMUEXT_PIN_L1_TABLE, hypercall.MMUEXT_UNPIN_TABLE}[in.pick(2)], m)
		}
	case 8:
		give := hypercall.XenMemoryReservation{NrExtents: 1, DomID: hypercall.DOMID_SELF, ExtentStart: hypercall.Handle[hypercall.XenPFN](g.at(512))}
		g.write(512, uint64(r.frames[in.pick(len(r.frames))]))
		g.call(hypercall.HYPERVISOR_memory_op, hypercall.XENMEM_decrease_reservation, g.write(64, give))
	}
	if g.v.Ring.Live() {
		for _, m := range r.frames {
			require.Equal(g.t, pagetype.Writable, typeOf(m), "a frame of the ring is something else")
		}
	}
}

func typeOf(m frame.MFN) pagetype.Type {
	return pagetype.Type(machine.RAM.Info(m).Type.Load() >> 44 & 7)
}

// isTable tells whether a frame of what was a ring is a table.
func (r *ring) isTable() bool {
	for _, m := range r.frames {
		if k := typeOf(m); k >= pagetype.L1 && k <= pagetype.L4 {
			return true
		}
	}
	return false
}
