//go:build model || race

package mm

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/pagetype"
)

// A vCPU puts entries into its ring while CPUs drain it: the one that it is on, and those of others that kick it. Each entry is made
// once, in order, and each that is refused is marked for what it was.
func TestRingParallel(t *testing.T) {
	x := newCrowd()
	h := newHolder(0)
	d := x.domains[1]
	alloc := func() frame.MFN {
		m, ok := x.alloc(h, 1)
		require.True(t, ok)
		return m
	}
	table, leafFrame, first, second := alloc(), alloc(), alloc(), alloc()
	require.Equal(t, pagetype.OK, x.call(h, d, 1, 1000, func(c *Call) pagetype.Result { return d.Pin(c, table, pagetype.L1) }))
	var r Ring
	r.Init()
	require.Equal(t, pagetype.OK, x.call(h, d, 1, 1000, func(c *Call) pagetype.Result {
		for _, m := range []frame.MFN{first, second} {
			if r := c.GetWritable(m, 1); r != pagetype.OK {
				return r
			}
		}
		require.True(t, r.Open(h, &x.frames, []frame.MFN{first, second}))
		return pagetype.OK
	}))

	const entries = 20_000
	var over atomic.Bool
	var drained atomic.Uint64
	var wg sync.WaitGroup
	for cpu := range 3 {
		wg.Go(func() {
			h, room := newHolder(1+cpu), make([]Request, 7)
			for !over.Load() {
				x.call(h, d, 1, 1+cpu*20, func(c *Call) pagetype.Result {
					n, result := r.Drain(c, d, nil, room)
					drained.Add(n)
					return result
				})
				runtime.Gosched()
			}
		})
	}
	refused := uint64(0)
	cons := func() uint64 { return r.shared[hypercall.TucoRingCons].Load() }
	check := func(n uint64) {
		page, i := r.slot(n)
		want := uint64(0)
		if n%5 == 0 {
			want = hypercall.TUCORING_refused
			refused++
		}
		if got := page[i].Ptr & hypercall.TUCORING_refused; got != want {
			t.Errorf("entry %d: %x, want %x", n, got, want)
		}
	}
	for n := uint64(0); n < entries; n++ {
		for n >= hypercall.TucoRingSlots && cons() <= n-hypercall.TucoRingSlots {
			runtime.Gosched()
		}
		if n >= hypercall.TucoRingSlots {
			check(n - hypercall.TucoRingSlots)
		}
		e := pagetype.MakePTE(leafFrame, leaf)
		switch {
		case n%5 == 0:
			e = pagetype.MakePTE(table, leaf|pagetype.RW)
		case n%2 == 0:
			e = 0
		}
		page, i := r.slot(n)
		page[i] = Request{at(table, slots[n%4]), uint64(e)}
		r.shared[hypercall.TucoRingProd].Store(n + 1)
	}
	for cons() != entries {
		runtime.Gosched()
	}
	over.Store(true)
	wg.Wait()
	for n := uint64(entries - hypercall.TucoRingSlots); n < entries; n++ {
		check(n)
	}
	assert.EqualValues(t, entries, drained.Load())
	assert.Equal(t, refused, r.shared[hypercall.TucoRingRefused].Load())
	x.call(h, d, 1, 1000, func(c *Call) pagetype.Result {
		assert.True(t, r.Close(c))
		return pagetype.OK
	})
	require.NotPanics(t, x.audit)
}
