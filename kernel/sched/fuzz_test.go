package sched

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/lock"
	"tuco/kernel/vtime"
)

// chaos drives the scheduler through random operations, with kicks and Lefts that
// come late: a CPU may be in the middle of a switch while everything else goes on.
type chaos struct {
	*sim
	byte    func(below int) int
	more    func() bool
	kicked  uint64
	leaving []*vcpu // by CPU: a switch that is under way
}

func (c *chaos) owe(mask uint64) { c.kicked |= mask }

func (c *chaos) pickNow(cpu int) {
	c.leftNow(cpu)
	c.kicked &^= 1 << cpu
	was := c.on[cpu]
	d := c.Pick(c.h[cpu], cpu, c.now)
	require.Greater(c.t, d.Until, c.now)
	c.until[cpu] = d.Until
	c.owe(d.Kick)
	c.on[cpu] = nil
	if d.Next != nil {
		c.on[cpu] = c.vcpus[d.Next.Arg]
	}
	if c.on[cpu] == was {
		require.Nil(c.t, d.Leaves)
		return
	}
	if was != nil {
		require.Same(c.t, &was.Entity, d.Leaves)
		c.leaving[cpu] = was // still counts as running: its registers are here
	}
	if v := c.on[cpu]; v != nil {
		v.running++
		require.Equal(c.t, 1, v.running, "on two CPUs, or its registers are not saved yet")
		require.True(c.t, v.mayRunOn(uint32(cpu)))
	}
}

func (c *chaos) leftNow(cpu int) {
	v := c.leaving[cpu]
	if v == nil {
		return
	}
	c.leaving[cpu] = nil
	require.True(c.t, v.OnCPU())
	v.running--
	c.owe(c.Left(c.h[cpu], cpu, c.now))
}

func (c *chaos) settle() {
	for i := range c.on {
		c.leftNow(i)
	}
	c.answer()
	c.check()
}

// answer lets every CPU that was kicked call Pick.
func (c *chaos) answer() {
	for c.kicked != 0 {
		for i := range c.on {
			if c.kicked>>i&1 != 0 {
				c.pickNow(i)
				c.leftNow(i)
			}
		}
	}
}

func (c *chaos) do() {
	cpu := c.byte(len(c.on))
	v := c.vcpus[c.byte(len(c.vcpus))]
	switch c.byte(12) {
	case 0, 1:
		c.now += uint64(c.byte(256)) * 40 * us
	case 2:
		c.pickNow(cpu)
	case 3:
		c.leftNow(cpu)
	case 4, 5: // what runs blocks
		if v := c.on[cpu]; v != nil && !v.blocked {
			c.Prepare(&v.Entity)
			require.True(c.t, c.Block(c.h[cpu], &v.Entity))
			if c.byte(3) == 0 { // and is woken before it is off
				c.owe(c.Wake(c.h[0], &v.Entity, c.now))
			}
			c.pickNow(cpu)
		}
	case 6, 7:
		c.owe(c.Wake(c.h[cpu], &v.Entity, c.now))
	case 8:
		if v.holds < 3 {
			c.owe(c.Pause(c.h[cpu], &v.Entity, c.now))
		}
	case 9:
		if v.holds > 0 {
			c.owe(c.Unpause(c.h[cpu], &v.Entity, c.now))
		}
	case 10:
		mask := uint64(c.byte(1<<len(c.on)-1) + 1)
		kick, e := c.SetAffinity(c.h[cpu], &v.Entity, mask, c.now)
		require.Zero(c.t, e)
		c.owe(kick)
	case 11:
		switch c.byte(8) {
		case 0:
			v.group.SetCap(c.h[cpu], uint32(c.byte(4)*20))
		case 1:
			require.Zero(c.t, v.group.SetWeight(uint32(1+c.byte(8))*128))
		case 2:
			if v := c.on[cpu]; v != nil {
				c.Yield(c.h[cpu], &v.Entity)
				c.pickNow(cpu)
			}
		case 3:
			c.settle()
		}
	}
	for i := range c.on {
		if c.until[i] <= c.now { // timers do ring
			c.owe(1 << i)
		}
		c.h[i].AssertNone()
	}
}

func newChaos(t testing.TB, cpus, vcpus int, read func(below int) int, more func() bool) *chaos {
	s := newSim(t, cpus)
	g := [3]*Group{newGroup(t, 256, 0), newGroup(t, 512, 0), newGroup(t, 256, 70)}
	for i := range vcpus {
		s.busy(1, g[i%3], all)
	}
	return &chaos{sim: s, byte: read, more: more, leaving: make([]*vcpu, cpus)}
}

// lively ends a run: everybody is let go, and then everybody runs before long.
func (c *chaos) lively() {
	c.settle()
	for _, v := range c.vcpus {
		for v.holds > 0 {
			c.owe(c.Unpause(c.h[0], &v.Entity, c.now))
		}
		c.owe(c.Wake(c.h[0], &v.Entity, c.now))
	}
	c.settle()
	var before []uint64
	for _, v := range c.vcpus {
		before = append(before, c.ran(v))
	}
	for range 3000 {
		c.now += ms
		for i := range c.on {
			if c.until[i] <= c.now {
				c.owe(1 << i)
			}
		}
		c.answer()
	}
	c.settle()
	for i, v := range c.vcpus {
		require.Greater(c.t, c.ran(v), before[i], "vCPU %d starves", v.Arg)
	}
}

func TestChaos(t *testing.T) {
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 9))
		left := 4000
		c := newChaos(t, 1+int(seed)%4, 7, r.IntN, func() bool { left--; return left > 0 })
		for c.more() {
			c.do()
		}
		c.lively()
	}
}

func FuzzChaos(f *testing.F) {
	f.Add([]byte{2, 4, 0, 4, 0, 1, 6, 0, 1, 3, 2, 8, 1, 2, 9})
	f.Fuzz(func(t *testing.T, bytes []byte) {
		bytes = bytes[:min(len(bytes), 3000)]
		read := func(below int) int {
			if len(bytes) == 0 {
				return 0
			}
			b := bytes[0]
			bytes = bytes[1:]
			return int(b) % below
		}
		c := newChaos(t, 3, 6, read, func() bool { return len(bytes) > 0 })
		for c.more() {
			c.do()
		}
		c.settle()
	})
}

// Every way in which the steps of a vCPU that blocks and of somebody who wakes it
// can fall between each other: it never sleeps with its condition true.
func TestWakeAgainstBlock(t *testing.T) {
	count := 0
	var merge func(order []bool, a, b int)
	merge = func(order []bool, a, b int) {
		if a+b > 0 {
			if a > 0 {
				merge(append(order[:len(order):len(order)], true), a-1, b)
			}
			if b > 0 {
				merge(append(order[:len(order):len(order)], false), a, b-1)
			}
			return
		}
		count++
		s := newSim(t, 2)
		v := s.busy(1, newGroup(t, DefaultWeight, 0), all)[0]
		cpu, other := v.Home(), 1-v.Home()
		condition, seen := false, false
		var owed uint64
		var d Decision
		sleeper := []func(){
			func() { s.Prepare(&v.Entity) },
			func() { seen = condition },
			func() {
				if !seen {
					s.Block(s.h[cpu], &v.Entity)
				}
			},
			func() { d = s.Pick(s.h[cpu], cpu, s.now); owed |= d.Kick },
			func() {
				if d.Leaves != nil {
					owed |= s.Left(s.h[cpu], cpu, s.now)
				}
			},
		}
		waker := []func(){
			func() { condition = true },
			func() { owed |= s.Wake(s.h[other], &v.Entity, s.now) },
		}
		for _, first := range order {
			side := &waker
			if first {
				side = &sleeper
			}
			(*side)[0]()
			*side = (*side)[1:]
		}
		for i := range 2 {
			if owed>>i&1 != 0 {
				d := s.Pick(s.h[i], i, s.now)
				if d.Leaves != nil {
					s.Left(s.h[i], i, s.now)
				}
			}
		}
		assert.Equal(t, vtime.Running, v.runstate.State, "order %v", order)
		assert.True(t, v.OnCPU())
	}
	merge(nil, 5, 2)
	assert.Equal(t, 21, count)
}

// The decision's cost does not grow with the number of vCPUs: so many queued, and
// as many picks, take time for that many logarithms, not squares.
func BenchmarkPick(b *testing.B) {
	s := &Scheduler{}
	s.Init()
	s.AddCPU(0)
	h := new(lock.Holder)
	g := new(Group)
	g.Init()
	for range 12 {
		e := new(Entity)
		s.Add(h, e, g, 1, 0)
		s.Unpause(h, e, 0)
	}
	now := uint64(0)
	for b.Loop() {
		now += 20 * ms
		if d := s.Pick(h, 0, now); d.Leaves != nil {
			s.Left(h, 0, now)
		}
	}
}
