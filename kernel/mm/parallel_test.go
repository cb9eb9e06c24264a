//go:build model || race

package mm

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/frame"
	"tuco/kernel/lock"
	"tuco/kernel/pagetype"
	"tuco/kernel/pmm"
)

// crowd is a machine whose processors are goroutines. It has no TLBs: what is
// tested is that words and locks hold up when things truly happen at once, for
// which the race detector and a recount at barriers are the judges.
type crowd struct {
	*machine
	domains  []*Domain
	segments [ram + 1]atomic.Int64 // references as descriptors, by frame
	done     [64]atomic.Uint64     // by result
}

func newHolder(cpu int) *lock.Holder {
	return &lock.Holder{CPU: uint32(cpu), Serve: func(*lock.Holder) { runtime.Gosched() }}
}

func newCrowd() *crowd {
	x := &crowd{machine: newMachine()}
	x.flushAll = func() { x.frames.FlushedEveryone(x.frames.Tick()) }
	for i := range 3 {
		d := new(Domain)
		d.Init(&x.frames, &Config{Owner: pagetype.Owner(i), VCPUs: 2, SafeAbove: safeAbove, Slots: hostSlots})
		x.domains = append(x.domains, d)
		for range 18 {
			_, ok := x.alloc(newHolder(0), pagetype.Owner(i))
			must(ok, "no memory")
		}
	}
	return x
}

// call makes an operation as the kernel does.
func (x *crowd) call(h *lock.Holder, d *Domain, from pagetype.Owner, budget int, op func(c *Call) pagetype.Result) pagetype.Result {
	for {
		var c Call
		c.Begin(h, d, from, budget)
		r := op(&c)
		for m, _, ok := c.NextFreed(); ok; m, _, ok = c.NextFreed() {
			must(x.pmm.Free(h, m, 0) == pmm.OK, "frame freed in use")
		}
		if r == pagetype.FlushFirst {
			now := x.frames.Tick()
			for v := range d.space.TLBs {
				d.Flushed(v, now)
			}
			if c.Need.Everyone {
				x.frames.FlushedEveryone(now)
			}
		}
		if r != pagetype.Again && r != pagetype.FlushFirst {
			x.done[r].Add(1)
			return r
		}
	}
}

// act is something that a vCPU of domain n does.
func (x *crowd) act(h *lock.Holder, n int, r *rand.Rand) {
	d := x.domains[n]
	m := frame.MFN(1 + r.IntN(ram))
	other := frame.MFN(1 + r.IntN(ram))
	e := pagetype.MakePTE(other, leaf)
	if r.IntN(2) == 0 {
		e |= pagetype.RW
	}
	from := pagetype.Owner(n)
	if n == 0 {
		from = pagetype.Owner(r.IntN(3))
	}
	level := pagetype.L1 + pagetype.Type(r.IntN(4))
	kind := r.IntN(12)
	q := []Request{{at(m, anySlot(r)), uint64(e)}, {at(m, 0), 0}}
	result := x.call(h, d, from, 1+r.IntN(600), func(c *Call) pagetype.Result {
		switch kind {
		case 0, 1:
			return d.Pin(c, m, level)
		case 2:
			return d.Unpin(c, m)
		case 3:
			_, r := d.Surrender(c, m, 1)
			return r
		case 4:
			return d.GetDescriptors(c, m)
		case 5:
			return d.SetKernelRoot(c, 1, m)
		case 6:
			return d.UpdateVA(c, 1, anyAddress(r), e)
		default:
			n, r := d.Update(c, q, nil)
			q = q[n:]
			return r
		}
	})
	switch {
	case result != pagetype.OK:
	case kind == 3:
		if m, r := x.pmm.Alloc(h, 0, pmm.Anywhere); r == pmm.OK {
			x.call(h, d, from, 1, func(c *Call) pagetype.Result { return d.Give(c, m, 1) })
		}
	case kind == 4:
		x.segments[m].Add(1)
		if r.IntN(4) != 0 {
			x.call(h, d, from, 100, func(c *Call) pagetype.Result {
				d.PutDescriptors(c, m)
				return pagetype.OK
			})
			x.segments[m].Add(-1)
		}
	}
}

func (x *crowd) audit() {
	x.recount(x.domains, func(m frame.MFN) uint64 { return uint64(x.segments[m].Load()) }, func(frame.MFN) uint64 { return 0 }, true)
}

func TestCrowd(t *testing.T) {
	x := newCrowd()
	for round := range 30 {
		var wg sync.WaitGroup
		for cpu, n := range []int{0, 0, 1, 2} {
			wg.Go(func() {
				h, r := newHolder(cpu), rand.New(rand.NewPCG(uint64(round), uint64(cpu)))
				for range 300 {
					x.act(h, n, r)
				}
			})
		}
		wg.Wait()
		require.NotPanics(t, x.audit)
	}
	for _, r := range []pagetype.Result{pagetype.OK, pagetype.WrongType, pagetype.NotOwner, pagetype.NoFrame, pagetype.NotPinned} {
		assert.NotZero(t, x.done[r].Load(), r.String())
	}

	// Taken apart, the machine is as it was.
	h := newHolder(0)
	for m := range x.segments {
		for ; x.segments[m].Load() > 0; x.segments[m].Add(-1) {
			o, _ := x.frames.Owner(frame.MFN(m))
			d := x.domains[o]
			x.call(h, d, o, 100, func(c *Call) pagetype.Result {
				d.PutDescriptors(c, frame.MFN(m))
				return pagetype.OK
			})
		}
	}
	for i, d := range x.domains {
		require.Equal(t, pagetype.OK, x.call(h, d, pagetype.Owner(i), 50, func(c *Call) pagetype.Result {
			return d.Destroy(c, ram+1)
		}))
		require.NotPanics(t, x.audit)
	}
	var s pmm.Stats
	x.pmm.Stats(h, &s)
	assert.Zero(t, s.Allocated())
}
