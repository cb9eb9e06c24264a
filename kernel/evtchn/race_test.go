package evtchn

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/hypercall"
)

// Four CPUs in two domains bind, close and send at once, on the same few ports;
// then the two domains' accounts agree. Closes of both ends of one connection
// meet often.
func TestTwoDomainsAtOnce(t *testing.T) {
	s := newHouse(t)
	domains := []*Domain{s.domain(2, 20), s.domain(2, 20)}
	var wg sync.WaitGroup
	for id := range 4 {
		wg.Go(func() {
			h, r := cpu(id), rand.New(rand.NewPCG(1, uint64(id)))
			for range 2500 {
				d, o := domains[id%2], domains[r.IntN(2)]
				n := hypercall.Port(r.IntN(22))
				switch r.IntN(9) {
				case 0, 1:
					n, _ := AllocUnbound(h, d, d, o.ID)
					BindInterdomain(h, o, d, n)
				case 2:
					BindInterdomain(h, d, o, n)
				case 3, 4:
					Close(h, d, n)
				case 5:
					Send(h, d, n)
				case 6:
					BindVCPU(h, d, n, uint32(r.IntN(2)))
				case 7:
					var st hypercall.EvtchnStatus
					Status(h, d, d, n, &st)
					Unmask(d, n)
				case 8:
					BindVIRQ(h, d, hypercall.VIRQ_TIMER, uint32(r.IntN(2)))
					d.RaiseVIRQ(hypercall.VIRQ_TIMER, uint32(r.IntN(2)))
				}
				h.AssertNone()
			}
		})
	}
	wg.Wait()
	for _, d := range domains {
		// A virtual interrupt may have met the close of its port, which is then
		// pending: the one thing that is not undone.
		for n := range hypercall.Port(21) {
			if d.find(n).load().state() == closed {
				d.Page.Pending[0].And(^(uint64(1) << n))
			}
		}
		s.check(d)
	}
}

// Both ends of a connection are closed at the same moment, and so are the ends of a
// loop within one domain.
func TestCloseFromBothSides(t *testing.T) {
	s := newHouse(t)
	a, b := s.domain(1, 20), s.domain(1, 20)
	for _, peer := range []*Domain{b, a} {
		for range 300 {
			p, q := s.pair(a, peer)
			var wg sync.WaitGroup
			var e, f hypercall.Errno
			wg.Go(func() { e = Close(cpu(1), a, p) })
			wg.Go(func() { f = Close(cpu(2), peer, q) })
			wg.Wait()
			require.Zero(t, e)
			require.Zero(t, f)
			require.Zero(t, a.open)
			require.Zero(t, peer.open)
		}
		s.check(a)
		s.check(b)
	}
}

// The end of a domain meets senders, binders and closers of the other one.
func TestDestroyMeetsPeer(t *testing.T) {
	for range 20 {
		s := newHouse(t)
		a, b := s.domain(1, 200), s.domain(1, 200)
		var ports []hypercall.Port
		for range 40 {
			p, _ := s.pair(a, b)
			ports = append(ports, p)
			s.port(AllocUnbound(s.h, b, b, a.ID))
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			h := cpu(1)
			for !b.Destroy(h, 3) {
			}
		})
		wg.Go(func() {
			h := cpu(2)
			for i, p := range ports {
				Send(h, a, p)
				if i%3 == 0 {
					Close(h, a, p)
				}
				BindInterdomain(h, a, b, hypercall.Port(2*i))
			}
		})
		wg.Wait()
		require.Zero(t, b.open)
		s.check(a)
		s.check(b)
		for _, p := range ports {
			require.NotEqual(t, interdomain, a.find(p).load().state(), "connected to a domain that is gone")
		}
	}
}
