package lines

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/apic"
	"tuco/kernel/domain"
	"tuco/kernel/evtchn"
	"tuco/kernel/idt"
	"tuco/kernel/lock"
	"tuco/kernel/machine"
	"tuco/kernel/sharedinfo"
	"tuco/kernel/timer"
	"tuco/kernel/x86"
)

// board stands for the controllers: it knows what each pin was told last.
type board struct {
	open   map[uint32]bool
	routed map[uint32]apic.Line
	waits  []*timer.Timer

	handled []x86.Vector
}

const (
	clock  = 8  // edge
	power  = 9  // level, by an override
	serial = 4  // the hypervisor's
	slot   = 16 // PCI
	pins   = 24
)

// newBoard makes a machine with one controller, and domain 0.
func newBoard(t *testing.T) (*board, *lock.Holder) {
	b := &board{open: map[uint32]bool{}, routed: map[uint32]apic.Line{}}
	old := hardware
	t.Cleanup(func() { hardware = old })
	hardware.route = func(l apic.Line, v x86.Vector, id uint32) bool {
		require.Equal(t, vector(l.GSI), v)
		b.open[l.GSI], b.routed[l.GSI] = true, l
		return true
	}
	hardware.handle = func(v x86.Vector, _ func(*idt.Frame)) {
		require.NotContains(t, b.handled, v, "a vector has one handler")
		b.handled = append(b.handled, v)
	}
	hardware.mask = func(gsi uint32) { b.open[gsi] = false }
	hardware.unmask = func(gsi uint32) { b.open[gsi] = true }
	hardware.wait = func(_ *lock.Holder, w *timer.Timer, ns uint64) {
		require.EqualValues(t, window, ns)
		b.waits = append(b.waits, w)
	}
	all.lines, all.numbers = [maxLines]line{}, [evtchn.MaxPIRQs]int32{}
	all.lock = lock.Spin{}
	Init(nil)
	for gsi := range uint32(pins) {
		all.lines[gsi].there = true
	}
	all.lines[power].Level = true
	Take(serial)

	h := &lock.Holder{Serve: func(*lock.Holder) {}}
	var system evtchn.System
	system.Init()
	d := new(domain.Domain)
	require.Zero(t, d.Events.Init(h, evtchn.Config{
		System: &system, Memory: &evtchn.Memory{
			New:  func(*lock.Holder) *evtchn.Bucket { return new(evtchn.Bucket) },
			Free: func(*lock.Holder, *evtchn.Bucket) {},
		},
		Page: new(sharedinfo.Page), Privileged: true, MaxPort: evtchn.MaxPorts - 1, PIRQs: evtchn.MaxPIRQs,
	}))
	require.True(t, d.Events.AddVCPU(h, new(evtchn.VCPU)))
	Give(d)
	machine.InitClock(1_000_000_000, 0)
	return b, h
}

// interrupt is an interrupt of a line, if it can come; it tells whether it came.
func (b *board) interrupt(h *lock.Holder, gsi uint32) bool {
	if !b.open[gsi] {
		return false
	}
	all.lock.Lock(h)
	all.lines[gsi].arrive(h)
	all.lock.Unlock(h)
	return true
}

// take tells whether a port is pending, and clears it.
func take(p hypercall.Port) bool {
	return sharedinfo.TestAndClear(&all.domain.Events.Page.Pending[p/64], uint(p%64))
}

// open maps and binds a line.
func open(t *testing.T, h *lock.Holder, gsi int32) hypercall.Port {
	n, e := Map(h, gsi, gsi)
	require.Zero(t, e)
	require.Equal(t, gsi, n)
	p, e := Bind(h, all.domain, uint32(n))
	require.Zero(t, e)
	return p
}

func TestEdge(t *testing.T) {
	b, h := newBoard(t)
	assert.False(t, b.interrupt(h, clock), "masked at first")
	p := open(t, h, clock)
	assert.Equal(t, apic.Line{GSI: clock}, b.routed[clock])
	assert.False(t, NeedsEOI(h, clock))
	for range 3 {
		require.True(t, b.interrupt(h, clock))
		assert.True(t, take(p))
	}
	assert.Zero(t, EOI(h, clock), "which does nothing")

	require.Zero(t, evtchn.Close(h, &all.domain.Events, p))
	assert.True(t, b.interrupt(h, clock), "nobody has said anything")
	assert.False(t, take(p))
	assert.False(t, b.interrupt(h, clock), "but now it is known that nobody listens")
	p, e := Bind(h, all.domain, clock)
	require.Zero(t, e)
	assert.True(t, b.interrupt(h, clock))
	assert.True(t, take(p))
}

func TestLevel(t *testing.T) {
	b, h := newBoard(t)
	p := open(t, h, power)
	assert.True(t, NeedsEOI(h, power))
	require.Zero(t, EOI(h, power), "of nothing")
	for range 3 {
		require.True(t, b.interrupt(h, power))
		assert.True(t, take(p))
		assert.False(t, b.interrupt(h, power), "before it is served")
		require.Zero(t, EOI(h, power))
	}
	require.True(t, b.interrupt(h, power))
	require.Zero(t, evtchn.Close(h, &all.domain.Events, p))
	assert.False(t, b.interrupt(h, power))
	_, e := Bind(h, all.domain, power)
	require.Zero(t, e)
	assert.True(t, b.interrupt(h, power), "a new owner is not held to what the last one owes")
}

// Edges that come faster than anybody can use cost a bounded time, and none is lost for good.
func TestStorm(t *testing.T) {
	b, h := newBoard(t)
	p := open(t, h, clock)
	all.lines[clock].pace.start = machine.Now() + 1<<40 // the window is not over before the test is
	came := 0
	for b.interrupt(h, clock) {
		came++
		require.LessOrEqual(t, came, perWindow)
	}
	assert.Equal(t, perWindow-1, came-1)
	require.Len(t, b.waits, 1)
	take(p)
	wake(h, b.waits[0].Arg)
	assert.True(t, take(p), "an edge may have been lost")
	assert.True(t, b.open[clock])

	for b.interrupt(h, clock) {
	}
	require.Zero(t, evtchn.Close(h, &all.domain.Events, p))
	wake(h, clock)
	assert.False(t, b.open[clock], "nobody listens")

	p, e := Bind(h, all.domain, clock)
	require.Zero(t, e)
	take(p)
	wake(h, clock)
	assert.False(t, take(p), "the rest was the last owner's")
}

func TestPace(t *testing.T) {
	var p pace
	now := uint64(5 * window)
	for range 3 {
		for n := range perWindow {
			assert.Equal(t, n == perWindow-1, p.tooFast(now+uint64(n)))
		}
		now += window
	}
	for range 10 * perWindow {
		now += window/perWindow + window/perWindow/10
		require.False(t, p.tooFast(now), "a device that is just slow enough")
	}
}

func TestNumbers(t *testing.T) {
	_, h := newBoard(t)
	mapping := func(gsi, number int32) [2]int32 {
		n, e := Map(h, gsi, number)
		return [2]int32{n, int32(e)}
	}
	refused := func(e hypercall.Errno) [2]int32 { return [2]int32{0, int32(e)} }
	for _, bad := range []int32{-1, -1 << 31, pins, 1 << 20, 1<<31 - 1} {
		assert.Equal(t, refused(hypercall.EINVAL), mapping(bad, -1), "line %d", bad)
		assert.Equal(t, hypercall.EINVAL, Setup(h, bad, false, false), "line %d", bad)
	}
	for _, bad := range []int32{0, evtchn.MaxPIRQs, 1<<31 - 1} {
		assert.Equal(t, refused(hypercall.EINVAL), mapping(clock, bad), "number %d", bad)
	}
	assert.Equal(t, refused(hypercall.EPERM), mapping(0, -1))
	assert.Equal(t, [2]int32{clock, 0}, mapping(clock, clock))
	assert.Equal(t, [2]int32{clock, 0}, mapping(clock, -1))
	assert.Equal(t, refused(hypercall.EEXIST), mapping(clock, 20))
	assert.Equal(t, refused(hypercall.EEXIST), mapping(power, clock))
	assert.Equal(t, [2]int32{firstFree, 0}, mapping(slot, -1))
	for _, bad := range []int32{power, -1, 0, evtchn.MaxPIRQs, 1<<31 - 1} {
		assert.Equal(t, hypercall.EINVAL, Unmap(h, bad), "number %d", bad)
		assert.Equal(t, hypercall.EINVAL, EOI(h, uint32(bad)), "number %d", bad)
	}

	// All numbers that are left, from both ends.
	seen := map[int32]bool{firstFree: true}
	for i := range evtchn.MaxPIRQs - firstFree - 1 {
		n, e := Reserve(h, i%2 == 0)
		require.Zero(t, e)
		require.False(t, seen[n])
		seen[n] = true
		assert.Zero(t, EOI(h, uint32(n)))
		_, e = Bind(h, all.domain, uint32(n))
		assert.Equal(t, hypercall.EPERM, e)
	}
	for _, low := range []bool{true, false} {
		_, e := Reserve(h, low)
		assert.Equal(t, hypercall.ENOSPC, e)
	}
	assert.Equal(t, refused(hypercall.ENOSPC), mapping(power, -1))
	assert.Equal(t, [2]int32{100, 0}, mapping(power, 100))
	require.Zero(t, Unmap(h, 100))
	assert.Equal(t, [2]int32{100, 0}, mapping(slot+1, -1), "the only one that is free")
}

func TestUnmap(t *testing.T) {
	b, h := newBoard(t)
	p := open(t, h, clock)
	require.Zero(t, Unmap(h, clock))
	assert.False(t, b.open[clock])
	_, e := Bind(h, all.domain, clock)
	assert.Equal(t, hypercall.EPERM, e)
	n, e := Map(h, clock, clock)
	require.Zero(t, e)
	assert.False(t, b.open[clock], "it is bound, and was so before it was mapped")
	_, e = Bind(h, all.domain, uint32(n))
	assert.Equal(t, hypercall.EEXIST, e)
	require.Zero(t, evtchn.Close(h, &all.domain.Events, p))
	_, e = Bind(h, all.domain, uint32(n))
	require.Zero(t, e)
	assert.True(t, b.open[clock])
}

// The hypervisor's own line has a name, and that is all.
func TestTaken(t *testing.T) {
	b, h := newBoard(t)
	b.open[serial] = true // by whoever has it
	_, e := Map(h, serial, serial)
	require.Zero(t, e)
	assert.Equal(t, hypercall.EEXIST, Setup(h, serial, true, true))
	_, e = Bind(h, all.domain, serial)
	assert.Equal(t, hypercall.EBUSY, e)
	assert.Zero(t, EOI(h, serial))
	assert.Zero(t, Unmap(h, serial))
	assert.True(t, b.open[serial])
	assert.Empty(t, b.routed)
}

func TestSetup(t *testing.T) {
	b, h := newBoard(t)
	require.Zero(t, Setup(h, slot, true, true))
	assert.Equal(t, hypercall.EEXIST, Setup(h, slot, false, false), "once")
	open(t, h, slot)
	assert.Equal(t, apic.Line{GSI: slot, Level: true, ActiveLow: true}, b.routed[slot])
	p := open(t, h, clock)
	assert.Equal(t, hypercall.EEXIST, Setup(h, clock, true, false), "while it is bound")
	require.Zero(t, evtchn.Close(h, &all.domain.Events, p))
	require.Zero(t, Setup(h, clock, true, false))
	_, e := Bind(h, all.domain, clock)
	require.Zero(t, e)
	assert.Equal(t, apic.Line{GSI: clock, Level: true}, b.routed[clock])
}

// A domain that has no lines gets none.
func TestOtherDomain(t *testing.T) {
	_, h := newBoard(t)
	open(t, h, clock)
	_, e := Bind(h, new(domain.Domain), clock)
	assert.Equal(t, hypercall.EINVAL, e)
}

// Binding, closing, and interrupts at the same time leave a line that is bound open, whatever came first.
func TestConcurrently(t *testing.T) {
	b, h := newBoard(t)
	p := open(t, h, clock)
	var masks sync.Mutex // the controllers' own
	mask, route := hardware.mask, hardware.route
	hardware.mask = func(gsi uint32) { masks.Lock(); mask(gsi); masks.Unlock() }
	hardware.route = func(l apic.Line, v x86.Vector, id uint32) bool {
		masks.Lock()
		defer masks.Unlock()
		return route(l, v, id)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		cpu := &lock.Holder{CPU: 1, Serve: func(*lock.Holder) {}}
		for range 3_000 {
			all.lock.Lock(cpu)
			if b.open[clock] {
				all.lines[clock].arrive(cpu)
			}
			all.lock.Unlock(cpu)
		}
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		require.Zero(t, evtchn.Close(h, &all.domain.Events, p))
		n, e := Bind(h, all.domain, clock)
		require.Zero(t, e)
		p = n
		all.lock.Lock(h)
		assert.True(t, b.open[clock] || all.lines[clock].resting)
		all.lock.Unlock(h)
	}
}
