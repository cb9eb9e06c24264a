package calls

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/evtchn"
	"tuco/kernel/frame"
	"tuco/kernel/lines"
	"tuco/kernel/machine"
	"tuco/kernel/pagetype"
)

// newSubject is a neighbour whose vCPUs the scheduler knows, all of them down.
func newSubject(t *testing.T) *guest {
	g := newNeighbour(t)
	h := g.v.Holder()
	g.d.Kept = true
	g.d.Group.Init()
	for _, v := range g.d.VCPUs() {
		require.Zero(t, machine.Scheduler.Add(h, &v.Entity, &g.d.Group, 1, 0))
		t.Cleanup(func() { machine.Scheduler.Remove(h, &v.Entity) })
	}
	return g
}

// target names the domain as a command does.
func (g *guest) target() hypercall.ControlTarget {
	return hypercall.ControlTarget{DomID: g.d.DomID(), Serial: g.d.Serial.Load()}
}

// flags is what CONTROLOP_list says of the domain.
func (g *guest) flags(by *guest) uint32 {
	list := by.listed(g.d.DomID(), 1)
	require.Len(g.t, list, 1)
	require.Equal(g.t, g.d.DomID(), list[0].DomID)
	return list[0].Flags
}

func TestControlTarget(t *testing.T) {
	g, a := newGuest(t, true), newSubject(t)
	for _, x := range []hypercall.ControlTarget{
		{DomID: a.d.DomID() + 1}, {DomID: 0xffff}, {DomID: hypercall.DOMID_SELF}, {DomID: hypercall.DOMID_IO},
		{DomID: a.d.DomID(), Serial: a.d.Serial.Load() + 1},
	} {
		for _, cmd := range []uint64{hypercall.CONTROLOP_pause, hypercall.CONTROLOP_unpause} {
			assert.Equal(t, failed(hypercall.ESRCH), g.control(cmd, x), x)
		}
		x.Serial = max(x.Serial, 1)
		assert.Equal(t, failed(hypercall.ESRCH), g.control(hypercall.CONTROLOP_destroy, x), x)
		assert.Equal(t, failed(hypercall.ESRCH), g.control(hypercall.CONTROLOP_max_memory, hypercall.ControlMaxMemory{Target: x}), x)
		assert.Equal(t, failed(hypercall.ESRCH), g.control(hypercall.CONTROLOP_schedule, hypercall.ControlSchedule{Target: x, Weight: 1}), x)
		assert.Equal(t, failed(hypercall.ESRCH), g.control(hypercall.CONTROLOP_set_context, hypercall.ControlContext{Target: x}), x)
		assert.Equal(t, failed(hypercall.ESRCH), g.control(hypercall.CONTROLOP_vcpu, hypercall.ControlVCPU{Target: x}), x)
	}
}

// A pause counts once, and so does what takes it back.
func TestControlPause(t *testing.T) {
	g, a := newGuest(t, true), newSubject(t)
	byNumber := hypercall.ControlTarget{DomID: a.d.DomID()}
	for range 2 {
		assert.Zero(t, g.control(hypercall.CONTROLOP_pause, a.target()))
		assert.EqualValues(t, hypercall.CONTROLDOM_kept|hypercall.CONTROLDOM_paused, a.flags(g))
	}
	for range 2 {
		assert.Zero(t, g.control(hypercall.CONTROLOP_unpause, byNumber))
		assert.EqualValues(t, hypercall.CONTROLDOM_kept, a.flags(g))
	}
	machine.Start(g.v.Holder(), a.v)
	assert.EqualValues(t, 1, g.listed(a.d.DomID(), 1)[0].Online)
	assert.EqualValues(t, 1, g.listed(a.d.DomID(), 1)[0].States[hypercall.RUNSTATE_runnable])
	assert.Zero(t, g.control(hypercall.CONTROLOP_pause, byNumber))
	assert.EqualValues(t, 2, g.listed(a.d.DomID(), 1)[0].States[hypercall.RUNSTATE_offline])
}

func TestControlSchedule(t *testing.T) {
	g, a := newGuest(t, true), newSubject(t)
	for _, x := range []hypercall.ControlSchedule{
		{Weight: 0}, {Weight: 65536}, {Weight: 1 << 31}, {Weight: 1, Cap: maxCap + 1}, {Weight: 1, Cap: 1<<32 - 1},
	} {
		x.Target = a.target()
		assert.Equal(t, failed(hypercall.EINVAL), g.control(hypercall.CONTROLOP_schedule, x), x)
		assert.EqualValues(t, hypercall.CONTROL_DEFAULT_WEIGHT, a.d.Group.Weight())
	}
	for _, x := range []hypercall.ControlSchedule{{Weight: 65535, Cap: maxCap}, {Weight: 1, Cap: 50}, {Weight: 512}} {
		x.Target = a.target()
		assert.Zero(t, g.control(hypercall.CONTROLOP_schedule, x))
		is := g.listed(a.d.DomID(), 1)[0]
		assert.Equal(t, [2]uint32{x.Weight, x.Cap}, [2]uint32{is.Weight, is.Cap})
	}
}

// What the limit is, is without the pages that are shared with the hypervisor.
func TestControlMaxMemory(t *testing.T) {
	g, a := newGuest(t, true), newSubject(t)
	a.d.Shares.Store(3)
	a.d.Pages.Add(3)
	defer a.d.Pages.Add(-3)
	assert.Zero(t, g.control(hypercall.CONTROLOP_max_memory, hypercall.ControlMaxMemory{Target: a.target(), Pages: 1 << 40}))
	assert.EqualValues(t, 1<<40, g.listed(a.d.DomID(), 1)[0].MaxPages)
	assert.Equal(t, failed(hypercall.EINVAL), g.control(hypercall.CONTROLOP_max_memory, hypercall.ControlMaxMemory{Target: a.target(), Pages: 1<<40 + 1}))
	has := uint64(a.d.Pages.Load() - 3)
	assert.Zero(t, g.control(hypercall.CONTROLOP_max_memory, hypercall.ControlMaxMemory{Target: a.target(), Pages: has + 2}))
	list := g.write(512, uint64(1), uint64(2), uint64(3))
	populate := hypercall.XenMemoryReservation{ExtentStart: hypercall.Handle[hypercall.XenPFN](list), NrExtents: 3, DomID: a.d.DomID()}
	assert.EqualValues(t, 2, g.call(hypercall.HYPERVISOR_memory_op, hypercall.XENMEM_populate_physmap, g.write(0, populate)))
	assert.Zero(t, g.control(hypercall.CONTROLOP_max_memory, hypercall.ControlMaxMemory{Target: a.target()}))
	assert.EqualValues(t, has+2, g.listed(a.d.DomID(), 1)[0].Pages)
}

func TestControlVCPU(t *testing.T) {
	g, a := newGuest(t, true), newSubject(t)
	a.v.Initialised = true
	a.v.Exits[3], a.v.Exits[5] = 7, 8
	x := hypercall.ControlVCPU{Target: hypercall.ControlTarget{DomID: a.d.DomID()}}
	require.Zero(t, g.control(hypercall.CONTROLOP_vcpu, x))
	x = read[hypercall.ControlVCPU](g, 0)
	assert.Equal(t, a.target(), x.Target)
	assert.EqualValues(t, hypercall.CONTROLVCPU_initialised, x.Flags)
	assert.EqualValues(t, hypercall.RUNSTATE_offline, x.Run.State)
	assert.EqualValues(t, 15, x.Exits)
	for _, n := range []uint32{2, 64, 1 << 31} {
		assert.Equal(t, failed(hypercall.ENOENT), g.control(hypercall.CONTROLOP_vcpu, hypercall.ControlVCPU{Target: a.target(), VCPU: n}))
		assert.Equal(t, failed(hypercall.ENOENT), g.control(hypercall.CONTROLOP_set_context, hypercall.ControlContext{Target: a.target(), VCPU: n}))
	}
}

// What can't be made is refused before anything is.
func TestControlCreateRefused(t *testing.T) {
	g := newGuest(t, true)
	good := hypercall.ControlCreate{MaxPages: 100, VCPUs: 1, Weight: 1}
	for name, spoil := range map[string]func(*hypercall.ControlCreate){
		"no memory":     func(s *hypercall.ControlCreate) { s.MaxPages = 0 },
		"much memory":   func(s *hypercall.ControlCreate) { s.MaxPages = 1<<40 + 1 },
		"no vCPUs":      func(s *hypercall.ControlCreate) { s.VCPUs = 0 },
		"many vCPUs":    func(s *hypercall.ControlCreate) { s.VCPUs = domain.MaxVCPUs + 1 },
		"no weight":     func(s *hypercall.ControlCreate) { s.Weight = 0 },
		"great weight":  func(s *hypercall.ControlCreate) { s.Weight = 65536 },
		"great cap":     func(s *hypercall.ControlCreate) { s.Cap = maxCap + 1 },
		"blank in name": func(s *hypercall.ControlCreate) { copy(s.Name[:], "a b") },
		"escape":        func(s *hypercall.ControlCreate) { copy(s.Name[:], "a\x1b") },
		"not ASCII":     func(s *hypercall.ControlCreate) { copy(s.Name[:], "\x80") },
		"behind the end": func(s *hypercall.ControlCreate) {
			s.Name[0], s.Name[2] = 'a', 'b'
		},
	} {
		s := good
		spoil(&s)
		assert.Equal(t, failed(hypercall.EINVAL), g.control(hypercall.CONTROLOP_create, s), name)
	}
	assert.Empty(t, g.listed(0, 1))
}

func TestNameOf(t *testing.T) {
	var full hypercall.ControlName
	for i := range full {
		full[i] = '~'
	}
	for _, want := range []string{"", "a", "web-1.example", string(full[:])} {
		var f hypercall.ControlName
		copy(f[:], want)
		name, ok := nameOf(&f)
		assert.True(t, ok)
		assert.Equal(t, want, string(name))
	}
}

// A state is judged, and its frames are looked for, in the domain whose vCPU it is.
func TestControlContextJudged(t *testing.T) {
	g, a := newGuest(t, true), newSubject(t)
	a.v.PV.Window = new([domain.AreaPages]atomic.Uint64)
	for i := range a.v.PV.LDTFrames {
		a.v.PV.LDTFrames[i] = frame.NoMFN
	}
	context := hypercall.VCPUGuestContext{Flags: hypercall.VGCF_in_kernel}
	context.Ctrlreg[3] = uint64(g.l4.Addr()) // the caller's
	arg := hypercall.ControlContext{Target: a.target(), Context: hypercall.Handle[hypercall.VCPUGuestContext](g.write(2*frame.PageSize, context))}
	assert.Equal(t, failed(hypercall.EINVAL), g.control(hypercall.CONTROLOP_set_context, arg))
	context.UserRegs.RIP = 1 << 63
	g.write(2*frame.PageSize, context)
	assert.Equal(t, failed(hypercall.EINVAL), g.control(hypercall.CONTROLOP_set_context, arg))
	arg.Context = bad
	assert.Equal(t, failed(hypercall.EFAULT), g.control(hypercall.CONTROLOP_set_context, arg))
	a.v.Initialised = true
	arg.Context = hypercall.Handle[hypercall.VCPUGuestContext](g.at(2 * frame.PageSize))
	assert.Equal(t, failed(hypercall.EEXIST), g.control(hypercall.CONTROLOP_set_context, arg))
	kernel, user := a.d.Memory.Roots(0)
	assert.Equal(t, [2]frame.MFN{frame.NoMFN, frame.NoMFN}, [2]frame.MFN{kernel, user}, "a refused state leaves nothing")
}

// A domain that is not kept is taken apart by itself; one that is stays until it is destroyed, and shows why it ended.
func TestControlShutdown(t *testing.T) {
	g, a := newGuest(t, true), newSubject(t)
	newNeighbour(t) // the last domain's end would be the machine's
	machine.Shutdown(g.v.Holder(), a.d, hypercall.SHUTDOWN_crash)
	is := g.listed(a.d.DomID(), 1)[0]
	assert.EqualValues(t, hypercall.CONTROLDOM_kept|hypercall.CONTROLDOM_shutdown, is.Flags)
	assert.EqualValues(t, hypercall.SHUTDOWN_crash, is.Reason)
	assert.Equal(t, failed(hypercall.EINVAL), g.control(hypercall.CONTROLOP_destroy, hypercall.ControlTarget{DomID: a.d.DomID()}))
	assert.Zero(t, machine.Ended.Load()>>a.d.ID&1)
	assert.Equal(t, failed(hypercall.EAGAIN), g.control(hypercall.CONTROLOP_destroy, a.target()))
	assert.NotZero(t, machine.Ended.Load()>>a.d.ID&1)
	machine.Ended.And(^(uint64(1) << a.d.ID))
	assert.EqualValues(t, hypercall.SHUTDOWN_crash, g.listed(a.d.DomID(), 1)[0].Reason, "destroying it does not change why it ended")
}

// Ports are given to a domain that is not privileged, and by one that is.
func TestControlPorts(t *testing.T) {
	g, a := newGuest(t, true), newSubject(t)
	ask := func(x hypercall.ControlPorts) int64 { return g.control(hypercall.CONTROLOP_ports, x) }
	x := hypercall.ControlPorts{Target: a.target(), First: 0x5000, Last: 0x5007}
	assert.Equal(t, failed(hypercall.ENOENT), ask(x))
	x.Flags = hypercall.CONTROLPORTS_give
	require.Zero(t, ask(x))
	assert.Equal(t, failed(hypercall.EEXIST), ask(x))
	for _, flags := range []uint32{2, 3, 1 << 31} {
		x.Flags = flags
		assert.Equal(t, failed(hypercall.EINVAL), ask(x))
	}
	x.Flags = 0
	assert.Zero(t, ask(x))
	x.Target.Serial++
	assert.Equal(t, failed(hypercall.ESRCH), ask(x))
	a.d.Privileged = true
	defer func() { a.d.Privileged = false }()
	x = hypercall.ControlPorts{Target: a.target(), First: 0x5000, Last: 0x5007, Flags: hypercall.CONTROLPORTS_give}
	assert.Equal(t, failed(hypercall.EINVAL), ask(x))
}

// Devices' memory is given to a domain that is not privileged, which maps it, and is taken back when it does so no more.
func TestControlIOMemory(t *testing.T) {
	g, a, b := newGuest(t, true), newSubject(t), newSubject(t)
	const first = 1 << 20
	ask := func(to *guest, first, count uint64, flags uint32) int64 {
		return g.control(hypercall.CONTROLOP_io_memory, hypercall.ControlIOMemory{Target: to.target(), First: first, Count: count, Flags: flags})
	}
	give := func(to *guest, first, count uint64) int64 {
		return ask(to, first, count, hypercall.CONTROLIOMEMORY_give)
	}
	maps := func(to *guest, m frame.MFN, flags pagetype.PTE) int64 {
		return to.call(vaOtherCall, uint64(base)+100*frame.PageSize, uint64(pagetype.MakePTE(m, flags)), 0, uint64(hypercall.DOMID_IO))
	}
	for what, c := range map[string]struct {
		first, count uint64
		want         hypercall.Errno
	}{
		"none":                  {first, 0, hypercall.EINVAL},
		"RAM":                   {100, 1, hypercall.EBUSY},
		"no memory known":       {first + 100, 1, hypercall.EBUSY},
		"more than a device":    {first, 33, hypercall.EBUSY},
		"before a device":       {first - 1, 2, hypercall.EBUSY},
		"a sum that overflows":  {first, 1<<64 - first + 1, hypercall.EINVAL},
		"beyond all addresses":  {1 << 62, 1, hypercall.EINVAL},
		"the most there can be": {1 << 40, 1 << 40, hypercall.EBUSY},
	} {
		assert.Equal(t, failed(c.want), give(a, c.first, c.count), what)
		assert.NotZero(t, ask(a, c.first, c.count, 0), what)
	}
	assert.Equal(t, failed(hypercall.EINVAL), ask(a, first, 1, 2), "no such flag")
	assert.Equal(t, failed(hypercall.EPERM), maps(a, first, leaf))

	require.Zero(t, give(a, first, 2))
	assert.Equal(t, failed(hypercall.EEXIST), give(a, first+1, 1))
	assert.Equal(t, failed(hypercall.EBUSY), give(b, first+1, 1))
	assert.Equal(t, failed(hypercall.ENOENT), ask(b, first, 2, 0))
	assert.Equal(t, failed(hypercall.ENOENT), ask(a, first, 1, 0), "a part")
	assert.Equal(t, failed(hypercall.EPERM), maps(b, first, leaf), "another's")
	assert.Equal(t, failed(hypercall.EPERM), maps(a, first+2, leaf), "beside it")
	require.Zero(t, maps(a, first+1, table|pagetype.CacheDisable|pagetype.WriteThrough))
	assert.Equal(t, pagetype.CacheDisable|pagetype.WriteThrough, a.entry(a.l1, 100)&(pagetype.CacheDisable|pagetype.WriteThrough))
	assert.Equal(t, failed(hypercall.EFAULT), a.call(physdevCall, hypercall.PHYSDEVOP_set_iopl, uint64(base)+100*frame.PageSize), "the hypervisor does not read devices")
	assert.Equal(t, failed(hypercall.EBUSY), ask(a, first, 2, 0), "it is mapped")
	require.Zero(t, maps(a, first, leaf), "the other frame in the place of this one")
	assert.Equal(t, failed(hypercall.EBUSY), ask(a, first, 2, 0))
	require.Zero(t, maps(a, 0, 0))

	flushes := g.v.Holder().Flushes
	require.Zero(t, ask(a, first, 2, 0))
	assert.Greater(t, g.v.Holder().Flushes, flushes, "old translations lead there")
	assert.Equal(t, failed(hypercall.EPERM), maps(a, first, leaf))
	require.Zero(t, give(b, first+1, 1))
	require.Zero(t, maps(b, first+1, leaf))
	b.end()
	machine.DropDevices(g.v.Holder(), b.d)
	require.Zero(t, give(a, first, 2), "its domain is gone")
	for i := range uint64(pagetype.MaxGifts - 1) {
		require.Zero(t, give(a, first+2+i, 1))
	}
	assert.Equal(t, failed(hypercall.ENOSPC), give(a, first+30, 1))
	machine.DropDevices(g.v.Holder(), a.d)
	a.d.Privileged = true
	defer func() { a.d.Privileged = false }()
	assert.Equal(t, failed(hypercall.EINVAL), give(a, first, 1))
}

// Only who has the machine's interrupts gets one by messages.
func TestControlMessage(t *testing.T) {
	g, a := newGuest(t, true), newSubject(t)
	assert.Equal(t, failed(hypercall.EINVAL), g.control(hypercall.CONTROLOP_message, hypercall.ControlMessage{Target: a.target()}))
	assert.Equal(t, failed(hypercall.ESRCH), g.control(hypercall.CONTROLOP_message, hypercall.ControlMessage{Target: hypercall.ControlTarget{DomID: noDomain()}}))
	lines.Give(a.d)
	require.Zero(t, g.control(hypercall.CONTROLOP_message, hypercall.ControlMessage{Target: a.target()}))
	m := read[hypercall.ControlMessage](g, 0)
	assert.EqualValues(t, 0xfee0_0000, m.Address)
	assert.NotZero(t, m.PIRQ)
	h := g.v.Holder()
	port, e := lines.Bind(h, a.d, m.PIRQ)
	require.Zero(t, e)
	assert.Zero(t, evtchn.Close(h, &a.d.Events, port))
	require.Zero(t, lines.Unmap(h, int32(m.PIRQ)))
	_, e = lines.Bind(h, a.d, m.PIRQ)
	assert.Equal(t, hypercall.EPERM, e)
}
