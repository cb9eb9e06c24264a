package sched

import (
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/kernel/lock"
	"tuco/kernel/vtime"
)

const (
	us = uint64(1000)
	ms = 1000 * us
)

// vcpu is a guest in the simulator: it runs for burst, blocks for pause, and so
// on; with no burst it never blocks.
type vcpu struct {
	Entity
	sim          *sim
	burst, pause func() uint64
	left         uint64 // of the burst
	wakeAt       uint64 // when it blocks
	wokenAt      uint64 // when it was woken and has not run since
	worst        uint64 // from wake to run
	start        uint64
	running      int // CPUs that it is on
}

// sim is a machine in virtual time: CPUs that do what Pick says, and kicks that
// take no time. Each event is one step; between two, invariants are checked.
type sim struct {
	Scheduler
	t       testing.TB
	now     uint64
	h       []*lock.Holder
	on      []*vcpu  // by CPU
	until   []uint64 // by CPU
	ranFrom []uint64
	vcpus   []*vcpu
	picks   int
	jitter  func() uint64 // how late a CPU is at its until
}

func newSim(t testing.TB, cpus int) *sim {
	s := &sim{t: t, now: 1000 * ms}
	s.Init()
	for i := range cpus {
		s.h = append(s.h, &lock.Holder{CPU: uint32(i)})
		s.on = append(s.on, nil)
		s.until = append(s.until, Never)
		s.ranFrom = append(s.ranFrom, 0)
		s.AddCPU(i)
	}
	for i := range cpus {
		s.pick(i)
	}
	return s
}

func newGroup(t testing.TB, weight, percent uint32) *Group {
	g := new(Group)
	g.Init()
	require.Zero(t, g.SetWeight(weight))
	g.SetCap(new(lock.Holder), percent)
	return g
}

// busy adds n vCPUs that never block.
func (s *sim) busy(n int, g *Group, affinity uint64) (added []*vcpu) {
	for range n {
		v := &vcpu{sim: s, wakeAt: Never, start: s.now}
		require.Zero(s.t, s.Add(s.h[0], &v.Entity, g, affinity, s.now))
		v.Arg = uint64(len(s.vcpus))
		s.vcpus = append(s.vcpus, v)
		added = append(added, v)
		s.kick(s.Unpause(s.h[0], &v.Entity, s.now))
	}
	return added
}

// sleepers adds n vCPUs that run and block by turns.
func (s *sim) sleepers(n int, g *Group, affinity uint64, burst, pause func() uint64) []*vcpu {
	added := s.busy(n, g, affinity)
	for _, v := range added {
		v.burst, v.pause = burst, pause
		v.left = burst()
	}
	return added
}

func always(n uint64) func() uint64 { return func() uint64 { return n } }

func (s *sim) kick(mask uint64) {
	for ; mask != 0; mask &= mask - 1 {
		s.pick(bits.TrailingZeros64(mask))
	}
}

// account takes what the vCPU of a CPU has run off its burst.
func (s *sim) account(cpu int) {
	if v := s.on[cpu]; v != nil && v.burst != nil {
		v.left -= min(v.left, s.now-s.ranFrom[cpu])
	}
	s.ranFrom[cpu] = s.now
}

func (s *sim) pick(cpu int) {
	s.picks++
	s.account(cpu)
	was := s.on[cpu]
	d := s.Pick(s.h[cpu], cpu, s.now)
	require.Greater(s.t, d.Until, s.now)
	var next *vcpu
	if d.Next != nil {
		next = s.vcpus[d.Next.Arg]
	}
	if next != was {
		if was != nil {
			require.Same(s.t, &was.Entity, d.Leaves)
			was.running--
		}
		if next != nil {
			next.running++
			require.Equal(s.t, 1, next.running, "a vCPU on two CPUs")
			require.True(s.t, next.mayRunOn(uint32(cpu)))
			if next.wokenAt != 0 {
				next.worst = max(next.worst, s.now-next.wokenAt)
				next.wokenAt = 0
			}
		}
	} else {
		require.Nil(s.t, d.Leaves)
	}
	s.on[cpu], s.until[cpu] = next, d.Until
	kick := d.Kick
	if d.Leaves != nil {
		kick |= s.Left(s.h[cpu], cpu, s.now)
	}
	s.h[cpu].AssertNone()
	s.kick(kick)
}

// step moves to the next event and handles it; false if it is after end.
func (s *sim) step(end uint64) bool {
	at, cpu, sleeper := end, -1, (*vcpu)(nil)
	blocks := false
	for i := range s.on {
		if s.until[i] < at {
			at, cpu, blocks = s.until[i], i, false
		}
		if v := s.on[i]; v != nil && v.burst != nil && s.ranFrom[i]+v.left < at {
			at, cpu, blocks = s.ranFrom[i]+v.left, i, true
		}
	}
	for _, v := range s.vcpus {
		if v.wakeAt < at {
			at, cpu, sleeper = v.wakeAt, -1, v
		}
	}
	if cpu < 0 && sleeper == nil {
		s.now = max(s.now, end)
		return false
	}
	s.now = max(s.now, at)
	switch {
	case sleeper != nil:
		s.wake(sleeper)
	case blocks:
		v := s.on[cpu]
		s.account(cpu)
		s.Prepare(&v.Entity)
		require.True(s.t, s.Block(s.h[cpu], &v.Entity))
		v.left = v.burst()
		v.wakeAt = s.now + v.pause()
		s.pick(cpu)
	default:
		if s.jitter != nil {
			s.now += s.jitter()
		}
		s.pick(cpu)
	}
	return true
}

func (s *sim) wake(v *vcpu) {
	v.wakeAt = Never
	v.wokenAt = s.now
	s.kick(s.Wake(s.h[0], &v.Entity, s.now))
}

func (s *sim) run(d uint64) {
	end := s.now + d
	for n := 0; s.step(end); n++ {
		if n%64 == 0 {
			s.check()
		}
	}
	s.check()
}

// check looks whether every vCPU is where its state says, once.
func (s *sim) check() {
	s.t.Helper()
	found := map[*Entity]int{}
	for i := range s.on {
		q := &s.queues[i]
		load, movable := int64(0), 0
		var walk func(e, parent *Entity, where place)
		walk = func(e, parent *Entity, where place) {
			for ; e != nil; e = e.next {
				found[e]++
				require.Equal(s.t, where, e.place)
				require.EqualValues(s.t, i, e.home.Load())
				require.True(s.t, e.runnable(), "queued, but not runnable")
				require.True(s.t, e.mayRunOn(uint32(i)))
				require.Equal(s.t, vtime.Runnable, e.runstate.State)
				if parent != nil {
					require.GreaterOrEqual(s.t, e.key, parent.key)
				}
				if where == queued {
					load += int64(e.weight)
				}
				walk(e.child, e, where)
			}
		}
		walk(q.pinned.root, nil, queued)
		before := len(found)
		walk(q.run.root, nil, queued)
		movable = len(found) - before
		walk(q.parked.root, nil, parked)
		if e := q.current; e != nil {
			found[e]++
			require.Equal(s.t, current, e.place)
			require.Equal(s.t, vtime.Running, e.runstate.State)
			require.Same(s.t, &s.on[i].Entity, e)
			load += int64(e.weight)
		} else {
			require.Nil(s.t, s.on[i])
			require.Nil(s.t, q.first(), "idle, with work waiting")
			require.NotZero(s.t, s.idle.Load()>>i&1)
		}
		require.EqualValues(s.t, movable, q.movable.Load())
		require.Equal(s.t, load, q.load.Load())
		require.Nil(s.t, q.leaving)
		require.Nil(s.t, q.evicted)
	}
	for _, v := range s.vcpus {
		want := 0
		if v.runnable() {
			want = 1
		}
		require.Equal(s.t, want, found[&v.Entity], "vCPU %d is lost, or is twice: place %d", v.Arg, v.place)
		require.Equal(s.t, v.running == 1, v.place == current)
		require.Equal(s.t, v.running == 1, v.OnCPU())
		r := s.Runstate(s.h[0], &v.Entity, s.now)
		require.Equal(s.t, s.now-v.start, r.Time[0]+r.Time[1]+r.Time[2]+r.Time[3], "the times of vCPU %d don't add up", v.Arg)
	}
	// Nobody idles while somebody waits who may run there. (A heap is searched
	// for that only as far as its first few, which is all there is in these tests.)
	for i := range s.on {
		if s.on[i] != nil {
			continue
		}
		for _, v := range s.vcpus {
			require.False(s.t, v.place == queued && v.mayRunOn(uint32(i)), "CPU %d idles while vCPU %d waits", i, v.Arg)
		}
	}
}

// ran is the time that vCPUs have run, in all.
func (s *sim) ran(vcpus ...*vcpu) (sum uint64) {
	for _, v := range vcpus {
		r := s.Runstate(s.h[0], &v.Entity, s.now)
		sum += r.Time[vtime.Running]
	}
	return sum
}

func between(r *rand.Rand, low, high uint64) func() uint64 {
	return func() uint64 { return low + r.Uint64N(high-low) }
}
