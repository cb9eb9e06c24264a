package calls

import (
	"slices"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"

	"tuco/boot"
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
	"tuco/kernel/pagetype"
)

const memoryCall = hypercall.HYPERVISOR_memory_op

func TestOffsets(t *testing.T) {
	assert.EqualValues(t, unsafe.Offsetof(hypercall.XenMemoryExchange{}.NrExchanged), exchangedOffset)
	assert.EqualValues(t, unsafe.Offsetof(hypercall.MulticallEntry{}.Result), resultOffset)
}

// reservation is the structure at offset 0, and the list of frames at offset 256.
func (g *guest) reservation(s hypercall.XenMemoryReservation, frames ...uint64) uint64 {
	if s.ExtentStart == 0 {
		s.ExtentStart = hypercall.Handle[hypercall.XenPFN](g.write(256, frames))
	}
	if s.NrExtents == 0 {
		s.NrExtents = uint64(len(frames))
	}
	if s.DomID == 0 {
		s.DomID = hypercall.DOMID_SELF
	}
	return g.write(0, s)
}

func (g *guest) owns(m frame.MFN) bool {
	o, ok := machine.Types.Owner(m)
	return ok && o == pagetype.Owner(g.d.ID)
}

func TestPopulate(t *testing.T) {
	g := newGuest(t, false)
	before := g.d.Pages.Load()
	arg := g.reservation(hypercall.XenMemoryReservation{}, 1000, 1001, 7)
	assert.EqualValues(t, 3, g.call(memoryCall, hypercall.XENMEM_populate_physmap, arg))
	for i, page := range []uint64{1000, 1001, 7} {
		m := read[uint64](g, 256+8*uint64(i))
		assert.True(t, g.owns(frame.MFN(m)))
		assert.Equal(t, page, machine.M2P[m])
		assert.Equal(t, [frame.PageSize]byte{}, *machine.Types.Page(frame.MFN(m)))
	}
	assert.Equal(t, before+3, g.d.Pages.Load())

	arg = g.reservation(hypercall.XenMemoryReservation{ExtentOrder: 4}, 0x100)
	assert.EqualValues(t, 1, g.call(memoryCall, hypercall.XENMEM_populate_physmap, arg))
	m := read[uint64](g, 256)
	for k := range uint64(16) {
		assert.True(t, g.owns(frame.MFN(m+k)))
		assert.Equal(t, 0x100+k, machine.M2P[m+k])
	}
	assert.Equal(t, before+19, g.d.Pages.Load())
}

func TestIncrease(t *testing.T) {
	g := newGuest(t, false)
	before := g.d.Pages.Load()
	arg := g.write(0, hypercall.XenMemoryReservation{NrExtents: 2, DomID: hypercall.DOMID_SELF})
	assert.EqualValues(t, 2, g.call(memoryCall, hypercall.XENMEM_increase_reservation, arg), "with no list")
	arg = g.reservation(hypercall.XenMemoryReservation{}, 0, 0)
	assert.EqualValues(t, 2, g.call(memoryCall, hypercall.XENMEM_increase_reservation, arg))
	m := read[uint64](g, 256)
	assert.True(t, g.owns(frame.MFN(m)))
	assert.Equal(t, uint64(machine.NotMapped), machine.M2P[m])
	assert.Equal(t, before+4, g.d.Pages.Load())
}

// What can't be done is not done, and its frames are not lost.
func TestReservationRefused(t *testing.T) {
	const populate, increase, decrease = hypercall.XENMEM_populate_physmap, hypercall.XENMEM_increase_reservation, hypercall.XENMEM_decrease_reservation
	all := []uint64{populate, increase, decrease}
	type reservation = hypercall.XenMemoryReservation
	for _, test := range []struct {
		name string
		cmds []uint64
		s    reservation
	}{
		{"no such domain", all, reservation{DomID: 0x3456}},
		{"not a domain", all, reservation{DomID: hypercall.DOMID_IO}},
		{"too large", all, reservation{ExtentOrder: 10}},
		{"far too large", all, reservation{ExtentOrder: 1 << 31}},
		{"too many", all, reservation{NrExtents: 1<<26 + 1}},
		{"far too many", all, reservation{NrExtents: ^uint64(0)}},
		{"more than the domain may have", []uint64{populate, increase}, reservation{ExtentOrder: 9}},
		{"addresses of no bits", all, reservation{MemFlags: 12}},
		{"addresses below the first frame", []uint64{populate, increase}, reservation{MemFlags: 13}},
		{"on demand", all, reservation{MemFlags: hypercall.XENMEMF_populate_on_demand}},
		{"on some other node", all, reservation{MemFlags: hypercall.XENMEMF_exact_node_request | 2<<8}},
		{"a list that is not there", all, reservation{ExtentStart: bad}},
		{"a list of the hypervisor's", all, reservation{ExtentStart: 0xffff_8000_0000_0000}},
		{"a list that can't be written to", []uint64{populate, increase}, reservation{ExtentStart: hypercall.Handle[hypercall.XenPFN](base + 16*frame.PageSize)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newGuest(t, true)
			before, m2p := g.d.Pages.Load(), slices.Clone(machine.M2P)
			arg := g.reservation(test.s, uint64(g.pages[7]))
			for _, cmd := range test.cmds {
				assert.Zero(t, g.call(memoryCall, cmd, arg), "%d", cmd)
			}
			assert.Equal(t, before, g.d.Pages.Load())
			assert.True(t, g.owns(g.pages[7]))
			assert.True(t, slices.Equal(m2p, machine.M2P))
		})
	}
	g := newGuest(t, false)
	for _, cmd := range all {
		assert.Zero(t, g.call(memoryCall, cmd, bad))
	}
	assert.Zero(t, g.call(memoryCall, populate, g.reservation(reservation{NrExtents: 1, ExtentStart: bad, DomID: hypercall.DOMID_SELF})))
}

func TestReservationStopsInTheMiddle(t *testing.T) {
	g := newGuest(t, false)
	last := uint64(8*frame.PageSize - 16)
	g.write(last, uint64(5), uint64(6))
	arg := g.reservation(hypercall.XenMemoryReservation{NrExtents: 9, ExtentStart: hypercall.Handle[hypercall.XenPFN](g.at(last))})
	assert.EqualValues(t, 2, g.call(memoryCall, hypercall.XENMEM_populate_physmap, arg))
	g.d.MaxPages.Store(g.d.Pages.Load() + 1)
	arg = g.reservation(hypercall.XenMemoryReservation{}, 1, 2, 3)
	assert.EqualValues(t, 1, g.call(memoryCall, hypercall.XENMEM_populate_physmap, arg))
	assert.Equal(t, g.d.MaxPages.Load(), g.d.Pages.Load())
}

func TestReservationInSteps(t *testing.T) {
	g := newGuest(t, false)
	g.d.MaxPages.Store(5000)
	const n = 1200
	arg := g.reservation(hypercall.XenMemoryReservation{}, make([]uint64, n)...)
	assert.EqualValues(t, n, g.call(memoryCall, hypercall.XENMEM_populate_physmap, arg))
	assert.Greater(t, g.steps, 2)
	assert.EqualValues(t, n, g.call(memoryCall, hypercall.XENMEM_decrease_reservation, arg))
	assert.Greater(t, g.steps, 2)
	for i := range uint64(n) {
		assert.False(t, g.owns(frame.MFN(read[uint64](g, 256+8*i))))
	}
}

func TestDecrease(t *testing.T) {
	g, other := newGuest(t, false), newGuest(t, false)
	free := uint64(g.alloc())
	for _, test := range []struct {
		name   string
		frames []uint64
		want   int64
	}{
		{"another's", []uint64{uint64(other.pages[0]), free}, 0},
		{"no RAM", []uint64{1 << 50, free}, 0},
		{"no frame at all", []uint64{^uint64(0), free}, 0},
		{"one, then another's", []uint64{free, uint64(other.pages[0])}, 1},
		{"it again", []uint64{free}, 0},
		{"one that is mapped, and again", []uint64{uint64(g.pages[7]), uint64(g.pages[7])}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			arg := g.reservation(hypercall.XenMemoryReservation{}, test.frames...)
			assert.Equal(t, test.want, g.call(memoryCall, hypercall.XENMEM_decrease_reservation, arg))
		})
	}
	assert.False(t, g.owns(frame.MFN(free)))
	assert.True(t, g.owns(g.pages[7]), "it is mapped")
	list := g.write(1024, slot(g.l1, 7), uint64(0))
	assert.Zero(t, g.call(mmuUpdateCall, list, 1, 0, self))
	assert.False(t, g.owns(g.pages[7]))
}

// exchanged sets up an XENMEM_exchange: lists of frames at 1024 and at 8192.
func (g *guest) exchange(x hypercall.XenMemoryExchange, in, out []uint64) int64 {
	if x.In.ExtentStart == 0 {
		x.In.ExtentStart = hypercall.Handle[hypercall.XenPFN](g.write(1024, in))
	}
	if x.Out.ExtentStart == 0 {
		x.Out.ExtentStart = hypercall.Handle[hypercall.XenPFN](g.write(8192, out))
	}
	if x.In.NrExtents == 0 {
		x.In.NrExtents = uint64(len(in))
	}
	if x.Out.NrExtents == 0 {
		x.Out.NrExtents = uint64(len(out))
	}
	if x.In.DomID == 0 {
		x.In.DomID = hypercall.DOMID_SELF
	}
	if x.Out.DomID == 0 {
		x.Out.DomID = hypercall.DOMID_SELF
	}
	return g.call(memoryCall, hypercall.XENMEM_exchange, g.write(0, x))
}

// spare gives the domain n frames that it does not map, with something in them.
func (g *guest) spare(n int) (frames []uint64) {
	for range n {
		m := g.alloc()
		machine.Types.Table(m)[0].Store(uint64(m) + 1)
		machine.M2P[m] = uint64(m) + 2
		frames = append(frames, uint64(m))
	}
	return frames
}

type side = hypercall.XenMemoryReservation

func TestExchange(t *testing.T) {
	for _, test := range []struct {
		name       string
		in, out    uint32
		nIn, nOut  int
		exchangeds uint64
	}{
		{"one by one", 0, 0, 3, 3, 3},
		{"for larger ones", 0, 3, 16, 2, 16},
		{"many in steps", 0, 0, 700, 700, 700},
		{"for the largest", 0, 9, 512, 1, 512},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newGuest(t, false)
			in := g.spare(test.nIn)
			out := make([]uint64, test.nOut)
			for i := range out {
				out[i] = 0x5000 + uint64(i)<<test.out
			}
			before := g.d.Pages.Load()
			assert.Zero(t, g.exchange(hypercall.XenMemoryExchange{In: side{ExtentOrder: test.in}, Out: side{ExtentOrder: test.out}}, in, out))
			assert.Equal(t, before, g.d.Pages.Load())
			assert.Equal(t, test.exchangeds, read[uint64](g, exchangedOffset))
			given := map[uint64]bool{}
			for i := range out {
				m := read[uint64](g, 8192+8*uint64(i))
				assert.Zero(t, m&(1<<test.out-1))
				for k := range uint64(1) << test.out {
					assert.True(t, g.owns(frame.MFN(m+k)))
					assert.Equal(t, out[i]+k, machine.M2P[m+k])
					given[m+k] = true
				}
			}
			for _, m := range in {
				assert.True(t, given[m] || !g.owns(frame.MFN(m)))
			}
		})
	}
	t.Run("a large one for small ones", func(t *testing.T) {
		g := newGuest(t, false)
		arg := g.reservation(side{ExtentOrder: 3}, 0x100)
		assert.EqualValues(t, 1, g.call(memoryCall, hypercall.XENMEM_populate_physmap, arg))
		m := read[uint64](g, 256)
		out := []uint64{1, 2, 3, 4, 5, 6, 7, 8}
		assert.Zero(t, g.exchange(hypercall.XenMemoryExchange{In: side{ExtentOrder: 3}}, []uint64{m}, out))
		for i := range out {
			assert.Equal(t, out[i], machine.M2P[read[uint64](g, 8192+8*uint64(i))])
		}
	})
}

func TestExchangeErrors(t *testing.T) {
	type x = hypercall.XenMemoryExchange
	list := func(a uint64) hypercall.Handle[hypercall.XenPFN] { return hypercall.Handle[hypercall.XenPFN](a) }
	for _, test := range []struct {
		name string
		x    x
		want hypercall.Errno
	}{
		{"extents too large", x{In: side{ExtentOrder: 10}}, hypercall.EPERM},
		{"new extents too large", x{Out: side{ExtentOrder: 1 << 30}}, hypercall.EPERM},
		{"two domains", x{Out: side{DomID: 1}}, hypercall.EINVAL},
		{"more new ones", x{Out: side{NrExtents: 3}}, hypercall.EINVAL},
		{"more done than there are", x{NrExchanged: 3}, hypercall.EINVAL},
		{"a number that overflows", x{In: side{NrExtents: 1 << 63, ExtentOrder: 1}, Out: side{NrExtents: 1 << 63, ExtentOrder: 1}}, hypercall.EINVAL},
		{"no such domain", x{In: side{DomID: 0x3456}, Out: side{DomID: 0x3456}}, hypercall.ESRCH},
		{"no memory so low", x{Out: side{MemFlags: 13}}, hypercall.ENOMEM},
		{"no memory at all", x{Out: side{MemFlags: 1}}, hypercall.ENOMEM},
		{"a list that is not there", x{In: side{ExtentStart: bad}}, hypercall.EFAULT},
		{"no list for the new ones", x{Out: side{ExtentStart: bad}}, hypercall.EFAULT},
		{"a list of the hypervisor's", x{Out: side{ExtentStart: 0xffff_8000_0000_0000}}, hypercall.EFAULT},
		{"a list that can't be written to", x{Out: side{ExtentStart: list(uint64(base) + 16*frame.PageSize)}}, hypercall.EFAULT},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newGuest(t, true)
			in := g.spare(2)
			before := g.d.Pages.Load()
			assert.Equal(t, failed(test.want), g.exchange(test.x, in, []uint64{1, 2}))
			assert.Equal(t, test.x.NrExchanged, read[uint64](g, exchangedOffset), "told in every case")
			assert.Equal(t, before, g.d.Pages.Load())
		})
	}
	g := newGuest(t, false)
	assert.Equal(t, failed(hypercall.EFAULT), g.call(memoryCall, hypercall.XENMEM_exchange, bad))
	assert.Zero(t, g.exchange(x{In: side{NrExtents: 1}, Out: side{NrExtents: 1}, NrExchanged: 1}, nil, nil), "all is done")
}

// A chunk that can't be exchanged stays as it was, with what its frames hold.
func TestExchangeIsUndone(t *testing.T) {
	g, other := newGuest(t, false), newGuest(t, false)
	for _, test := range []struct {
		name string
		m    uint64
	}{
		{"a mapped frame", uint64(g.pages[3])}, {"a table", uint64(g.l1)}, {"another's", uint64(other.pages[0])}, {"no RAM", 1 << 50},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := g.spare(8)
			in[6] = test.m
			before := g.d.Pages.Load()
			assert.Equal(t, failed(hypercall.EINVAL), g.exchange(hypercall.XenMemoryExchange{Out: side{ExtentOrder: 2}}, in, []uint64{100, 200}))
			assert.EqualValues(t, 4, read[uint64](g, exchangedOffset), "the first chunk")
			assert.Equal(t, before, g.d.Pages.Load())
			for _, i := range []int{4, 5, 7} {
				m := frame.MFN(in[i])
				assert.True(t, g.owns(m))
				assert.EqualValues(t, m+1, machine.Types.Table(m)[0].Load())
				assert.EqualValues(t, m+2, machine.M2P[m])
			}
			assert.EqualValues(t, 200, read[uint64](g, 8192+8), "not told anything else")
		})
	}
	t.Run("one frame twice", func(t *testing.T) {
		in := g.spare(1)
		in = append(in, in[0])
		assert.Equal(t, failed(hypercall.EINVAL), g.exchange(hypercall.XenMemoryExchange{Out: side{ExtentOrder: 1}}, in, []uint64{100}))
		assert.True(t, g.owns(frame.MFN(in[0])))
	})
}

func TestMemoryNumbers(t *testing.T) {
	g, dom0 := newGuest(t, false), newGuest(t, true)
	g.d.Shares.Store(1)
	g.d.Shared.MaxPFN.Store(5000)
	arg := g.write(0, hypercall.DOMID_SELF)
	assert.Equal(t, g.d.Pages.Load()-1, g.call(memoryCall, hypercall.XENMEM_current_reservation, arg))
	assert.EqualValues(t, 199, g.call(memoryCall, hypercall.XENMEM_maximum_reservation, arg))
	assert.EqualValues(t, 4999, g.call(memoryCall, hypercall.XENMEM_maximum_gpfn, arg))
	assert.Zero(t, dom0.call(memoryCall, hypercall.XENMEM_maximum_gpfn, dom0.write(0, hypercall.DOMID_SELF)))
	// A guest can write what it likes there, but no error, and nothing that would be domain.Continue.
	for _, odd := range []uint64{1 << 63, 1<<63 + 1, ^uint64(0)} {
		g.d.Shared.MaxPFN.Store(odd)
		assert.EqualValues(t, 1<<52-1, g.call(memoryCall, hypercall.XENMEM_maximum_gpfn, arg), "%x", odd)
	}
	assert.EqualValues(t, ram, g.call(memoryCall, hypercall.XENMEM_maximum_ram_page, 0))
	for _, cmd := range []uint64{hypercall.XENMEM_current_reservation, hypercall.XENMEM_maximum_reservation, hypercall.XENMEM_maximum_gpfn} {
		assert.Equal(t, failed(hypercall.EFAULT), g.call(memoryCall, cmd, bad))
		assert.Equal(t, failed(hypercall.ESRCH), dom0.call(memoryCall, cmd, dom0.write(0, uint16(0x3456))))
	}
	for cmd, want := range map[uint64]hypercall.Errno{
		hypercall.XENMEM_add_to_physmap: hypercall.EACCES, hypercall.XENMEM_add_to_physmap_batch: hypercall.EACCES,
		hypercall.XENMEM_remove_from_physmap: hypercall.EACCES, hypercall.XENMEM_get_vnumainfo: hypercall.EOPNOTSUPP,
		hypercall.XENMEM_set_pod_target: hypercall.ENOSYS, 8: hypercall.ENOSYS, 1 << 32: hypercall.ENOSYS, ^uint64(0): hypercall.ENOSYS,
	} {
		assert.Equal(t, failed(want), g.call(memoryCall, cmd, arg), "%d", cmd)
	}
}

func TestMachphys(t *testing.T) {
	g := newGuest(t, false)
	assert.Zero(t, g.call(memoryCall, hypercall.XENMEM_machphys_mapping, g.at(0)))
	assert.Equal(t, hypercall.XenMachphysMapping{VStart: hypercall.MACH2PHYS_VIRT_START, VEnd: hypercall.MACH2PHYS_VIRT_END, MaxMFN: ram - 1},
		read[hypercall.XenMachphysMapping](g, 0))
	assert.Equal(t, failed(hypercall.EFAULT), g.call(memoryCall, hypercall.XENMEM_machphys_mapping, bad))

	old := machine.M2P
	defer func() { machine.M2P = old }()
	machine.M2P = make([]uint64, 3<<18)
	list := hypercall.XenMachphysMFNList{MaxExtents: 10, ExtentStart: hypercall.Handle[hypercall.XenPFN](g.at(64))}
	g.write(64, [4]uint64{9, 9, 9, 9})
	assert.Zero(t, g.call(memoryCall, hypercall.XENMEM_machphys_mfn_list, g.write(0, list)))
	assert.EqualValues(t, 3, read[hypercall.XenMachphysMFNList](g, 0).NrExtents)
	assert.Equal(t, [4]uint64{0, 512, 1024, 9}, read[[4]uint64](g, 64))
	list.MaxExtents = 2
	assert.Zero(t, g.call(memoryCall, hypercall.XENMEM_machphys_mfn_list, g.write(0, list)))
	assert.EqualValues(t, 2, read[hypercall.XenMachphysMFNList](g, 0).NrExtents)
	list.ExtentStart = bad
	assert.Equal(t, failed(hypercall.EFAULT), g.call(memoryCall, hypercall.XENMEM_machphys_mfn_list, g.write(0, list)))
}

func TestMemoryMaps(t *testing.T) {
	g, dom0 := newGuest(t, false), newGuest(t, true)
	ask := func(g *guest, cmd uint64, room uint32, buffer uint64) (int64, uint32) {
		r := g.call(memoryCall, cmd, g.write(0, hypercall.XenMemoryMap{NrEntries: room, Buffer: hypercall.Handle[hypercall.E820Entry](buffer)}))
		return r, read[uint32](g, 0)
	}
	set := func(g *guest, id hypercall.DomID, n uint32, buffer uint64) int64 {
		return g.call(memoryCall, hypercall.XENMEM_set_memory_map, g.write(0, hypercall.XenForeignMemoryMap{
			DomID: id, Map: hypercall.XenMemoryMap{NrEntries: n, Buffer: hypercall.Handle[hypercall.E820Entry](buffer)}}))
	}
	r, _ := ask(g, hypercall.XENMEM_memory_map, 1, g.at(64))
	assert.Equal(t, failed(hypercall.ENOSYS), r, "none")
	first, second := hypercall.MakeE820(0, 1<<30, hypercall.E820RAM), hypercall.MakeE820(1<<30, 4096, hypercall.E820Reserved)
	assert.Zero(t, set(g, hypercall.DOMID_SELF, 2, g.write(64, first, second)))
	r, n := ask(g, hypercall.XENMEM_memory_map, 9, g.at(1024))
	assert.Zero(t, r)
	assert.EqualValues(t, 2, n)
	assert.Equal(t, [2]hypercall.E820Entry{first, second}, read[[2]hypercall.E820Entry](g, 1024))
	r, n = ask(g, hypercall.XENMEM_memory_map, 1, g.at(1024))
	assert.Zero(t, r)
	assert.EqualValues(t, 1, n)
	r, _ = ask(g, hypercall.XENMEM_memory_map, 9, bad)
	assert.Equal(t, failed(hypercall.EFAULT), r)
	assert.Equal(t, failed(hypercall.EINVAL), set(g, hypercall.DOMID_SELF, domain.MaxMap+1, g.at(64)))
	assert.Equal(t, failed(hypercall.EFAULT), set(g, hypercall.DOMID_SELF, 2, bad))
	assert.Equal(t, failed(hypercall.ESRCH), set(dom0, 0x3456, 1, dom0.at(64)))

	machine.MemoryMap = []boot.Region{
		{Range: boot.Range{Start: 0, End: 0x9f000}, Type: boot.RAM}, {Range: boot.Range{Start: 0xf0000, End: 0x100000}, Type: boot.Reserved},
	}
	r, _ = ask(g, hypercall.XENMEM_machine_memory_map, 9, g.at(64))
	assert.Equal(t, failed(hypercall.EPERM), r)
	r, n = ask(dom0, hypercall.XENMEM_machine_memory_map, 0, 0)
	assert.Zero(t, r)
	assert.EqualValues(t, 2, n, "only counted")
	r, _ = ask(dom0, hypercall.XENMEM_machine_memory_map, 1, dom0.at(64))
	assert.Equal(t, failed(hypercall.EINVAL), r)
	r, n = ask(dom0, hypercall.XENMEM_machine_memory_map, 128, dom0.at(64))
	assert.Zero(t, r)
	assert.EqualValues(t, 2, n)
	assert.Equal(t, hypercall.MakeE820(0xf0000, 0x10000, hypercall.E820Reserved), read[hypercall.E820Entry](dom0, 84))
	r, _ = ask(dom0, hypercall.XENMEM_machine_memory_map, 128, bad)
	assert.Equal(t, failed(hypercall.EFAULT), r)
}
