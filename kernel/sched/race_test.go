package sched

import (
	"math/bits"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/kernel/lock"
	"tuco/kernel/vtime"
)

// guest is a vCPU of the concurrent test. Its registers are a plain word which the
// CPU that it is on counts up: the race detector sees whether two CPUs have it, or
// whether one has it before the other has saved it.
type guest struct {
	Entity
	registers int
	mail      atomic.Int64 // what it waits for
	read      int64
}

// CPUs pick, run, block and preempt at once while others wake, pause and move. At
// the end nothing is lost: all mail gets read.
func TestConcurrent(t *testing.T) {
	const cpus, guests, mails = 4, 9, 250
	s := new(Scheduler)
	s.Init()
	var kicked [cpus]atomic.Bool
	kick := func(mask uint64) {
		for ; mask != 0; mask &= mask - 1 {
			kicked[bits.TrailingZeros64(mask)].Store(true)
		}
	}
	var clock atomic.Uint64
	clock.Store(1000 * ms)
	for i := range cpus {
		s.AddCPU(i)
		kicked[i].Store(true)
	}
	h0 := holder(cpus)
	groups := [2]*Group{newGroup(t, 256, 0), newGroup(t, 512, 120)}
	all := make([]*guest, guests)
	for i := range all {
		all[i] = &guest{Entity: Entity{Arg: uint64(i)}}
		require.Zero(t, s.Add(h0, &all[i].Entity, groups[i%2], 1<<cpus-1, clock.Load()))
		kick(s.Unpause(h0, &all[i].Entity, clock.Load()))
	}
	started := clock.Load()

	var wg, wakers sync.WaitGroup
	var stop atomic.Bool
	for cpu := range cpus {
		wg.Go(func() {
			h, r := holder(cpu), rand.New(rand.NewPCG(2, uint64(cpu)))
			var on *guest
			until := uint64(Never)
			for !stop.Load() {
				now := clock.Add(r.Uint64N(30 * us))
				if on != nil {
					on.registers++
					if n := on.mail.Load(); n > on.read {
						on.read = n
					} else {
						s.Prepare(&on.Entity)
						if on.mail.Load() == on.read && s.Block(h, &on.Entity) {
							until = 0
						}
					}
					if r.IntN(20) == 0 {
						s.Yield(h, &on.Entity)
						until = 0
					}
				}
				if !kicked[cpu].Swap(false) && now < until {
					runtime.Gosched()
					continue
				}
				d := s.Pick(h, cpu, now)
				if d.Leaves != nil {
					all[d.Leaves.Arg].registers++ // being saved
					d.Kick |= s.Left(h, cpu, now)
				}
				until, on = d.Until, nil
				if d.Next != nil {
					on = all[d.Next.Arg]
				}
				h.AssertNone()
				kick(d.Kick)
			}
		})
	}
	for id := range 2 {
		wakers.Go(func() {
			h, r := holder(cpus+1+id), rand.New(rand.NewPCG(3, uint64(id)))
			for range mails * guests / 2 {
				g := all[r.IntN(guests)]
				now := clock.Add(r.Uint64N(10 * us))
				switch r.IntN(12) {
				case 0:
					kick(s.Pause(h, &g.Entity, now))
					runtime.Gosched()
					kick(s.Unpause(h, &g.Entity, now))
				case 1:
					m, e := s.SetAffinity(h, &g.Entity, r.Uint64N(1<<cpus-1)+1, now)
					if e != 0 {
						panic(e)
					}
					kick(m)
				case 2:
					r := s.Runstate(h, &g.Entity, now)
					if sum := r.Time[0] + r.Time[1] + r.Time[2] + r.Time[3]; sum > clock.Load()-started {
						panic("more time than there was")
					}
				default:
					g.mail.Add(1)
					kick(s.Wake(h, &g.Entity, now))
				}
			}
		})
	}
	wakers.Wait()
	// Whoever is lost never blocks again with all its mail read.
	for _, g := range all {
		for s.Runstate(h0, &g.Entity, clock.Load()).State != vtime.Blocked {
			clock.Add(20 * us)
			runtime.Gosched()
		}
	}
	stop.Store(true)
	wg.Wait()
	for _, g := range all {
		require.Equal(t, g.mail.Load(), g.read, "vCPU %d sleeps on its mail", g.Arg)
	}
}

func holder(id int) *lock.Holder {
	return &lock.Holder{CPU: uint32(id), Serve: func(*lock.Holder) { runtime.Gosched() }}
}
