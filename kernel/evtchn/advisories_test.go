package evtchn

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/sharedinfo"
)

// XSA-221, XSA-317: a port that was never allocated, or that lies in a bucket but
// over the domain's limit, is not dereferenced by any operation.
func TestXSA317_PortBeyondLimit(t *testing.T) {
	s := newHouse(t)
	a, b := s.domain(1, 4095), s.domain(1, 70)
	for range 70 {
		s.port(AllocUnbound(s.h, b, b, 1))
	}
	_, e := AllocUnbound(s.h, b, b, 1)
	require.Equal(t, hypercall.ENOSPC, e)
	require.EqualValues(t, 71, b.valid.Load())
	require.NotNil(t, b.buckets[1], "the limit lies in a bucket's middle")
	for _, n := range []hypercall.Port{71, 127, 128, 4095, 4096, 1 << 20, 1<<31 - 1, 1 << 31, ^hypercall.Port(0)} {
		_, e := Send(s.h, b, n)
		assert.Equal(t, hypercall.EINVAL, e)
		_, e = Unmask(b, n)
		assert.Equal(t, hypercall.EINVAL, e)
		assert.Equal(t, hypercall.EINVAL, Close(s.h, b, n))
		assert.Equal(t, hypercall.EINVAL, BindVCPU(s.h, b, n, 0))
		_, _, e = BindInterdomain(s.h, a, b, n)
		assert.Equal(t, hypercall.EINVAL, e)
		_, e = b.Poll(0, []hypercall.Port{n})
		assert.Equal(t, hypercall.EINVAL, e)
		var st hypercall.EvtchnStatus
		assert.Equal(t, hypercall.EINVAL, Status(s.h, a, b, n, &st))
	}
	assert.Zero(t, b.polling.Load(), "a refused poll goes on")
	s.check(b)
}

// XSA-338: a port that was valid stays valid, whatever is reset meanwhile.
func TestXSA338_ValidStaysValid(t *testing.T) {
	s := newHouse(t)
	d := s.domain(1, 4095)
	for range 200 {
		s.port(BindIPI(s.h, d, 0))
	}
	valid := d.valid.Load()
	done, e := Reset(s.h, d, d, 1000)
	require.True(t, done)
	require.Zero(t, e)
	assert.Equal(t, valid, d.valid.Load())
	assert.Equal(t, hypercall.EVTCHNSTAT_closed, int(s.status(d, 200).Status))
	assert.EqualValues(t, 1, s.port(BindIPI(s.h, d, 0)))
}

// XSA-343: a reset races with binds, closes and another reset, and accounts and
// ports stay in step.
func TestXSA343_ResetRaces(t *testing.T) {
	s := newHouse(t)
	a, b := s.domain(1, 300), s.domain(1, 300)
	var wg sync.WaitGroup
	for id := range 3 {
		wg.Go(func() {
			h := cpu(id)
			for turn := range 150 {
				switch (turn + id) % 3 {
				case 0:
					for done := false; !done; {
						done, _ = Reset(h, a, a, 4)
					}
				case 1:
					n, _ := AllocUnbound(h, a, a, b.ID)
					BindInterdomain(h, b, a, n)
					BindVIRQ(h, a, hypercall.VIRQ_TIMER, 0)
				case 2:
					Close(h, a, hypercall.Port(turn%8))
					Close(h, b, hypercall.Port(turn%8))
				}
			}
		})
	}
	wg.Wait()
	s.check(a)
	s.check(b)
	done, e := Reset(s.h, a, a, 1000)
	assert.True(t, done)
	assert.Zero(t, e)
	s.check(a)
	s.check(b)
}

// XSA-344: closing everything, for a reset or at a domain's end, takes bounded
// steps and goes on where it was.
func TestXSA344_PreemptibleClose(t *testing.T) {
	s := newHouse(t)
	a, b := s.domain(1, 4095), s.domain(1, 4095)
	for range 500 {
		s.pair(a, b)
	}
	for left := 500; left > 0; left -= 60 {
		require.EqualValues(t, left, a.OpenPorts(s.h))
		done, e := Reset(s.h, a, a, 60)
		require.Zero(t, e)
		require.Equal(t, left < 60, done)
	}
	require.Zero(t, a.OpenPorts(s.h))
	require.EqualValues(t, 500, b.OpenPorts(s.h), "the peer's ports wait")

	// The end of a domain starts from the first port, wherever a reset stopped.
	for range 300 {
		s.port(AllocUnbound(s.h, b, b, 1))
	}
	Reset(s.h, b, b, 700)
	for range 10 {
		s.port(AllocUnbound(s.h, b, b, 1))
	}
	for !b.Destroy(s.h, 64) {
	}
	assert.Zero(t, b.OpenPorts(s.h))
	s.check(b)
}

// XSA-505: the table grows while it is reset; neither loses what the other did.
func TestXSA505_GrowthAgainstReset(t *testing.T) {
	s := newHouse(t)
	d := s.domain(1, 4095)
	first := d.buckets[0]
	require.Zero(t, d.grow(s.h, 0), "somebody else has added this bucket meanwhile")
	require.Same(t, first, d.buckets[0])
	require.EqualValues(t, 64, d.valid.Load())
	var wg sync.WaitGroup
	for id := range 2 {
		wg.Go(func() {
			h := cpu(3 + id)
			for range 400 {
				if _, e := BindIPI(h, d, 0); e != 0 {
					panic(e)
				}
			}
		})
	}
	wg.Go(func() {
		h := cpu(2)
		for range 200 {
			Reset(h, d, d, 5)
		}
	})
	wg.Wait()
	s.check(d)
	buckets := 0
	for _, b := range d.buckets {
		if b != nil {
			buckets++
		}
	}
	assert.EqualValues(t, buckets, s.buckets.Load(), "a bucket is lost")
	assert.EqualValues(t, buckets*perBucket, d.valid.Load())
}

// XSA-340, XSA-359: what makes a bucket, an interrupt's binding, a vCPU and a
// moved vcpu_info reachable is published after their contents. The race detector
// is the judge: the readers take no lock.
func TestXSA340_Publication(t *testing.T) {
	s := newHouse(t)
	d := s.domain(1, 4095)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		for n := hypercall.Port(1); ; n = n%700 + 1 {
			select {
			case <-stop:
				return
			default:
			}
			Unmask(d, n)
			Send(s.h, d, n) // finds IPIs only: no lock
			d.RaiseVIRQ(hypercall.VIRQ_TIMER, uint32(n%4))
			d.RaiseVIRQ(hypercall.VIRQ_CONSOLE, 0)
		}
	})
	h := cpu(1)
	for vcpu := range uint32(4) {
		if vcpu != 0 {
			d.AddVCPU(h, new(VCPU))
		}
		s.port(BindVIRQ(h, d, hypercall.VIRQ_TIMER, vcpu))
		place := new(sharedinfo.VCPU)
		place.Selector.Store(1)
		_, e := d.MoveInfo(h, vcpu, place)
		require.Zero(t, e)
	}
	for i := range uint32(600) {
		s.port(BindIPI(h, d, i%4))
	}
	close(stop)
	wg.Wait()
	s.check(d)
}

// XSA-496: a bind of a virtual interrupt that fails leaves alone what another one
// has bound, and so does a close that comes late.
func TestXSA496_FailedBindKeepsTheOwner(t *testing.T) {
	s := newHouse(t)
	d := s.domain(2, 4)
	owner := s.port(BindVIRQ(s.h, d, hypercall.VIRQ_DOM_EXC, 0))
	works := func(why string) {
		t.Helper()
		d.RaiseVIRQ(hypercall.VIRQ_DOM_EXC, 0)
		assert.Equal(t, []hypercall.Port{owner}, take(d, 0), why)
		s.check(d)
	}
	_, e := BindVIRQ(s.h, d, hypercall.VIRQ_DOM_EXC, 0)
	require.Equal(t, hypercall.EEXIST, e)
	works("bound twice")
	for d.open < 4 {
		s.port(BindIPI(s.h, d, 0))
	}
	_, e = BindVIRQ(s.h, d, hypercall.VIRQ_DOM_EXC, 0)
	require.Equal(t, hypercall.EEXIST, e)
	_, e = BindVIRQ(s.h, d, hypercall.VIRQ_TIMER, 1)
	require.Equal(t, hypercall.ENOSPC, e)
	assert.True(t, d.RaiseVIRQ(hypercall.VIRQ_TIMER, 1).None(), "a failed bind left a binding")
	works("no port left")
	require.Zero(t, Close(s.h, d, 2))
	n := s.port(BindVIRQ(s.h, d, hypercall.VIRQ_TIMER, 1))
	require.Zero(t, Close(s.h, d, n))
	require.Equal(t, hypercall.EINVAL, Close(s.h, d, n))
	works("another one closed")
}
