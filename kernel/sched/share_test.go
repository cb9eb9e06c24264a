package sched

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/lock"
	"tuco/kernel/vtime"
)

const all = ^uint64(0)

// shares expects each vCPU to have run for so many parts in a thousand of d,
// within a tolerance in parts of a hundred.
func (s *sim) shares(d uint64, percent float64, want uint64, vcpus ...*vcpu) {
	s.t.Helper()
	for _, v := range vcpus {
		assert.InEpsilon(s.t, float64(d*want/1000), float64(s.ran(v)), percent/100, "vCPU %d", v.Arg)
	}
}

func TestTwelveOnSix(t *testing.T) {
	s := newSim(t, 6)
	r := rand.New(rand.NewPCG(1, 1))
	s.jitter = between(r, 0, 200*us)
	v := s.busy(12, newGroup(t, DefaultWeight, 0), all)
	s.run(2000 * ms)
	s.shares(2000*ms, 2, 500, v...)
	assert.Less(t, s.picks, 6*2000, "more than a decision per CPU and millisecond")
	for i := range 6 {
		assert.Zero(t, s.StatsOf(s.h[0], i).Pushed, "moved about for nothing")
	}
}

// Twelve vCPUs that were put on two of six CPUs before the rest was allowed to
// them.
func TestTwelveSpreadOut(t *testing.T) {
	s := newSim(t, 6)
	v := s.busy(12, newGroup(t, DefaultWeight, 0), 3)
	s.run(100 * ms)
	for _, v := range v {
		kick, e := s.SetAffinity(s.h[0], &v.Entity, all, s.now)
		require.Zero(t, e)
		s.kick(kick)
	}
	before := map[*vcpu]uint64{}
	s.run(200 * ms) // what was missed before is not made up for without bounds
	for _, v := range v {
		before[v] = s.ran(v)
	}
	s.run(2000 * ms)
	for _, v := range v {
		assert.InEpsilon(t, float64(1000*ms), float64(s.ran(v)-before[v]), 0.02, "vCPU %d", v.Arg)
	}
}

func TestWeights(t *testing.T) {
	for _, c := range []struct{ cpus, each int }{{1, 1}, {1, 3}, {2, 2}, {6, 6}, {4, 5}} {
		for _, mixed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d CPUs, %d vCPUs each, mixed %t", c.cpus, c.each, mixed), func(t *testing.T) {
				s := newSim(t, c.cpus)
				var v [3][]*vcpu
				var g [3]*Group
				for i := range g {
					g[i] = newGroup(t, 128<<i, 0)
				}
				for j := range c.each * 3 {
					i := j / c.each
					if mixed {
						i = j % 3
					}
					v[i] = append(v[i], s.busy(1, g[i], all)...)
				}
				const d = 2000 * ms
				s.run(d)
				for i := range v {
					want := float64(d) * float64(c.cpus) * float64(int(1)<<i) / 7
					assert.InEpsilon(t, want, float64(s.ran(v[i]...)), 0.03, "weight %d", 128<<i)
				}
			})
		}
	}
}

// 7 on 6, 3 on 2: nobody has a CPU for itself while others share.
func TestUnevenNumbers(t *testing.T) {
	for _, c := range []struct{ vcpus, cpus int }{{3, 2}, {7, 6}, {5, 3}, {13, 6}} {
		s := newSim(t, c.cpus)
		v := s.busy(c.vcpus, newGroup(t, DefaultWeight, 0), all)
		s.run(4000 * ms)
		s.shares(4000*ms, 3, uint64(1000*c.cpus/c.vcpus), v...)
	}
}

// Those who had to share one CPU are not given all of another for as long as they
// were behind: what is owed has bounds.
func TestNoDebtWithoutBounds(t *testing.T) {
	s := newSim(t, 2)
	g := newGroup(t, DefaultWeight, 0)
	alone := s.busy(1, g, 1<<0)[0]
	crowd := s.busy(4, g, 1<<1)
	s.run(4000 * ms)
	for _, v := range crowd {
		kick, e := s.SetAffinity(s.h[0], &v.Entity, all, s.now)
		require.Zero(t, e)
		s.kick(kick)
	}
	before := s.ran(alone)
	s.run(500 * ms)
	assert.Greater(t, s.ran(alone)-before, 60*ms, "with no bound it would not run at all")
}

// A weight that no division of whole CPUs can satisfy gets a whole one.
func TestInfeasibleWeight(t *testing.T) {
	s := newSim(t, 2)
	heavy := s.busy(1, newGroup(t, 4096, 0), all)
	light := s.busy(2, newGroup(t, 256, 0), all)
	s.run(2000 * ms)
	s.shares(2000*ms, 2, 1000, heavy...)
	s.shares(2000*ms, 3, 500, light...)
}

func TestCaps(t *testing.T) {
	for _, percent := range []uint32{1, 10, 25, 50, 80, 100, 150, 250} {
		s := newSim(t, 4)
		v := s.busy(4, newGroup(t, DefaultWeight, percent), all)
		s.run(2000 * ms)
		assert.InEpsilon(t, float64(2000*ms)*float64(percent)/100, float64(s.ran(v...)), 0.02, "cap %d", percent)
		for _, v := range v {
			assert.InEpsilon(t, float64(2000*ms)*float64(percent)/400, float64(s.ran(v)), 0.02, "cap %d: each a quarter", percent)
		}
		s.check()
	}
}

// Two capped domains and one that takes the rest; then caps and weights change.
func TestCapsUnderLoad(t *testing.T) {
	s := newSim(t, 2)
	g := [3]*Group{newGroup(t, 256, 30), newGroup(t, 1024, 50), newGroup(t, 256, 0)}
	var v [3][]*vcpu
	for i := range v {
		v[i] = s.busy(2, g[i], all)
	}
	s.run(2000 * ms)
	for i, want := range []uint64{600, 1000, 2400} {
		assert.InEpsilon(t, float64(want*ms), float64(s.ran(v[i]...)), 0.02, "domain %d", i)
	}
	var before [3]uint64
	for i := range v {
		before[i] = s.ran(v[i]...)
	}
	g[0].SetCap(s.h[0], 0)
	g[1].SetCap(s.h[0], 20)
	require.Zero(t, g[0].SetWeight(512))
	assert.EqualValues(t, 20, g[1].Cap())
	assert.EqualValues(t, 512, g[0].Weight())
	s.run(2000 * ms)
	for i, want := range []uint64{2400, 400, 1200} {
		assert.InEpsilon(t, float64(want*ms), float64(s.ran(v[i]...)-before[i]), 0.03, "domain %d", i)
	}
}

// Some that wake often, beside twice as many busy ones as there are CPUs: they
// run at once, and nobody starves.
func TestWakeLatency(t *testing.T) {
	s := newSim(t, 4)
	r := rand.New(rand.NewPCG(5, 5))
	g := newGroup(t, DefaultWeight, 0)
	hogs := s.busy(8, g, all)
	light := s.sleepers(4, g, all, between(r, 50*us, 300*us), between(r, 2*ms, 20*ms))
	s.run(2000 * ms)
	for _, v := range light {
		assert.LessOrEqual(t, v.worst, 2*ms, "vCPU %d", v.Arg)
		assert.Greater(t, s.ran(v), 10*ms)
	}
	for _, v := range hogs {
		assert.InEpsilon(t, float64(980*ms), float64(s.ran(v)), 0.06, "vCPU %d", v.Arg)
	}
}

// One that blocks just before its slice ends gets no more than its share.
func TestBlockingDoesNotPay(t *testing.T) {
	s := newSim(t, 1)
	g := newGroup(t, DefaultWeight, 0)
	honest := s.busy(1, g, all)
	cheat := s.sleepers(1, g, all, always(3_900*us), always(100*us))
	s.run(2000 * ms)
	s.shares(2000*ms, 8, 500, honest...)
	assert.Less(t, s.ran(cheat...), 1060*ms)
}

// What yields lets the other one run, and does not lose its share for good.
func TestYield(t *testing.T) {
	s := newSim(t, 1)
	v := s.busy(2, newGroup(t, DefaultWeight, 0), all)
	first := s.on[0]
	s.run(ms)
	s.Yield(s.h[0], &s.on[0].Entity)
	s.pick(0)
	assert.NotSame(t, first, s.on[0])
	s.run(1000 * ms)
	s.shares(1001*ms, 2, 500, v...)

	alone := newSim(t, 1)
	alone.busy(1, newGroup(t, DefaultWeight, 0), all)
	alone.Yield(alone.h[0], &alone.on[0].Entity)
	alone.pick(0)
	assert.NotNil(t, alone.on[0])
	assert.Equal(t, Never, alone.until[0])
}

// An idle host, and one with a vCPU on each CPU, need no timer.
func TestNoTimerWithoutNeed(t *testing.T) {
	s := newSim(t, 4)
	v := s.busy(4, newGroup(t, DefaultWeight, 0), all)
	s.picks = 0
	s.run(1000 * ms)
	assert.Zero(t, s.picks)
	s.shares(1000*ms, 0.001, 1000, v...)
	for i := range 4 {
		assert.Equal(t, Never, s.until[i])
	}
}

func TestAffinity(t *testing.T) {
	s := newSim(t, 4)
	g := newGroup(t, DefaultWeight, 0)
	e := new(Entity)
	assert.Equal(t, hypercall.EINVAL, s.Add(s.h[0], e, g, 1<<4, s.now))
	pinned := s.busy(3, g, 1<<2)
	free := s.busy(2, g, all)
	pair := s.busy(2, g, 1<<0|1<<1)
	s.run(1000 * ms)
	for _, v := range pinned {
		assert.Equal(t, 2, v.Home())
	}
	for _, v := range pair {
		assert.LessOrEqual(t, v.Home(), 1)
	}
	assert.InEpsilon(t, float64(4000*ms), float64(s.ran(s.vcpus...)), 0.001, "all CPUs are busy")
	assert.Greater(t, s.ran(free...), 1200*ms)

	// While it runs, and while it waits.
	for _, v := range pinned {
		kick, err := s.SetAffinity(s.h[0], &v.Entity, 1<<3, s.now)
		require.Zero(t, err)
		s.kick(kick)
		s.check()
		assert.Equal(t, 3, v.Home())
	}
	_, err := s.SetAffinity(s.h[0], &pinned[0].Entity, 1<<7, s.now)
	assert.Equal(t, hypercall.EINVAL, err)
	s.run(100 * ms)
}

func TestPause(t *testing.T) {
	s := newSim(t, 1)
	v := s.busy(2, newGroup(t, DefaultWeight, 0), all)
	s.run(10 * ms)
	running, waiting := s.on[0], v[0]
	if running == waiting {
		waiting = v[1]
	}
	s.kick(s.Pause(s.h[0], &waiting.Entity, s.now))
	s.kick(s.Pause(s.h[0], &running.Entity, s.now))
	s.kick(s.Pause(s.h[0], &running.Entity, s.now))
	assert.Nil(t, s.on[0])
	assert.False(t, running.OnCPU())
	s.run(10 * ms)
	s.kick(s.Unpause(s.h[0], &running.Entity, s.now))
	s.run(10 * ms)
	assert.Nil(t, s.on[0], "paused twice")
	s.kick(s.Unpause(s.h[0], &running.Entity, s.now))
	assert.Same(t, running, s.on[0])
	r := s.Runstate(s.h[0], &running.Entity, s.now)
	assert.EqualValues(t, 20*ms, r.Time[vtime.Offline])
	s.run(5 * ms)
	s.check()

	// Blocked comes before paused.
	s.Prepare(&running.Entity)
	require.True(t, s.Block(s.h[0], &running.Entity))
	s.pick(0)
	s.kick(s.Pause(s.h[0], &running.Entity, s.now))
	assert.Equal(t, vtime.Blocked, running.runstate.State)
	s.kick(s.Wake(s.h[0], &running.Entity, s.now))
	assert.Equal(t, vtime.Offline, running.runstate.State)
	s.check()
	s.Remove(s.h[0], &running.Entity)
	assert.EqualValues(t, 1, waiting.group.members)
}

func TestWeightBounds(t *testing.T) {
	g := newGroup(t, 1, 0)
	assert.Equal(t, hypercall.EINVAL, g.SetWeight(0))
	assert.Equal(t, hypercall.EINVAL, g.SetWeight(MaxWeight+1))
	assert.EqualValues(t, 1, g.Weight())
	assert.Zero(t, g.SetWeight(MaxWeight))
}

// After any time, and with any cap, a budget is what one period gives, less what is owed.
func TestBudgetDoesNotOverflow(t *testing.T) {
	h := &lock.Holder{}
	for _, percent := range []uint32{1, 6400, ^uint32(0)} {
		for _, now := range []uint64{0, 1 << 40, 1 << 62} {
			g := newGroup(t, 1, percent)
			part, end := g.take(h, now)
			assert.EqualValues(t, g.refill.Load(), part)
			assert.Equal(t, now/Period*Period+Period, end)
			g.give(h, now, -part, end)
			part, _ = g.take(h, end)
			assert.Zero(t, part, "the debt eats up a period")
		}
	}
}
