package evtchn

import (
	"runtime"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/lock"
	"tuco/kernel/sharedinfo"
)

// cpu makes a holder for a goroutine that plays a CPU.
func cpu(id int) *lock.Holder {
	return &lock.Holder{CPU: uint32(id), Serve: func(*lock.Holder) { runtime.Gosched() }}
}

// house is a few domains, and an account of their memory.
type house struct {
	t       testing.TB
	h       *lock.Holder
	system  System
	memory  Memory
	buckets atomic.Int64 // handed out
	left    atomic.Int64 // how many more may be
	domains []*Domain
}

func newHouse(t testing.TB) *house {
	s := &house{t: t, h: cpu(0)}
	s.system.Init()
	s.left.Store(1 << 30)
	s.memory = Memory{
		New: func(h *lock.Holder) *Bucket {
			h.AssertNone() // it may wait for other CPUs
			if s.left.Add(-1) < 0 {
				return nil
			}
			s.buckets.Add(1)
			return new(Bucket)
		},
		Free: func(h *lock.Holder, b *Bucket) {
			h.AssertNone()
			s.buckets.Add(-1)
		},
	}
	return s
}

// domain adds a domain; its ID is 1 for the first one. Domain 1 is privileged.
func (s *house) domain(vcpus int, maxPort uint32) *Domain {
	d := new(Domain)
	id := hypercall.DomID(len(s.domains) + 1)
	require.Zero(s.t, d.Init(s.h, Config{
		System: &s.system, Memory: &s.memory, Page: new(sharedinfo.Page),
		ID: id, Privileged: id == 1, MaxPort: maxPort, PIRQs: 8,
	}))
	for range vcpus {
		require.True(s.t, d.AddVCPU(s.h, new(VCPU)))
	}
	s.domains = append(s.domains, d)
	return d
}

func (s *house) status(d *Domain, n hypercall.Port) (st hypercall.EvtchnStatus) {
	s.t.Helper()
	require.Zero(s.t, Status(s.h, d, d, n, &st))
	return st
}

// port expects an operation to have given a port.
func (s *house) port(n hypercall.Port, e hypercall.Errno) hypercall.Port {
	s.t.Helper()
	require.Zero(s.t, e)
	require.NotZero(s.t, n)
	return n
}

// pair connects new ports of two domains and takes the events that come of it.
func (s *house) pair(a, b *Domain) (pa, pb hypercall.Port) {
	s.t.Helper()
	pa = s.port(AllocUnbound(s.h, a, a, b.ID))
	pb, _, e := BindInterdomain(s.h, b, a, pa)
	s.port(pb, e)
	take(b, 0)
	return pa, pb
}

// take is a guest that takes all its events, and returns the ports.
func take(d *Domain, vcpu int) (ports []hypercall.Port) {
	info := d.vcpus[vcpu].Info()
	for info.UpcallPending() {
		(*hypercall.VCPUInfo)(unsafe.Pointer(info)).EvtchnUpcallPending = 0
		for sel := info.Selector.Swap(0); sel != 0; sel &= sel - 1 {
			w := 0
			for sel>>w&1 == 0 {
				w++
			}
			for b := range 64 {
				m := uint64(1) << b
				if (d.Page.Pending[w].Load()&^d.Page.Mask[w].Load())&m != 0 {
					d.Page.Pending[w].And(^m)
					ports = append(ports, hypercall.Port(w*64+b))
				}
			}
		}
	}
	return ports
}

func pending(d *Domain, n hypercall.Port) bool {
	return sharedinfo.Test(&d.Page.Pending[n/64], uint(n%64))
}

// check recounts what the domain keeps account of, and looks at both ends of
// every connection.
func (s *house) check(d *Domain) {
	s.t.Helper()
	open := uint32(0)
	require.True(s.t, d.used[0]&1 != 0, "port 0 is nobody's")
	for n := hypercall.Port(1); n < MaxPorts; n++ {
		p := d.find(n)
		used := d.used[n/64]>>(n%64)&1 != 0
		if p == nil {
			if used {
				require.Fail(s.t, "a port that does not exist is in use", "port %d", n)
			}
			continue
		}
		w := p.load()
		if used != (w.state() != closed) {
			require.Fail(s.t, "the accounts differ", "port %d, state %d, used %t", n, w.state(), used)
		}
		if used {
			open++
		}
		switch w.state() {
		case closed:
			if p.peer != nil || pending(d, n) {
				require.Fail(s.t, "a closed port is not clean", "port %d", n)
			}
		case interdomain:
			q := p.peer.find(hypercall.Port(p.number))
			require.Equal(s.t, interdomain, q.load().state(), "the other end of %d", n)
			require.Same(s.t, d, q.peer)
			require.EqualValues(s.t, n, q.number)
		case virqBound, pirqBound:
			require.EqualValues(s.t, n, d.slotOf(p, w).Load(), "the slot of port %d", n)
		}
	}
	require.Equal(s.t, open, d.open)
	full := uint64(0)
	for w, u := range d.used {
		if u == ^uint64(0) {
			full |= 1 << w
		}
	}
	require.Equal(s.t, full, d.full)
	for i := range d.vcpuCount.Load() {
		for virq := range d.vcpus[i].virqs {
			if n := d.vcpus[i].virqs[virq].Load(); n != 0 {
				p := d.find(hypercall.Port(n))
				require.Equal(s.t, virqBound, p.load().state())
				require.EqualValues(s.t, virq, p.number)
			}
		}
	}
}

// As the pool packs them.
func TestBucketSize(t *testing.T) {
	assert.LessOrEqual(t, unsafe.Sizeof(Bucket{}), uintptr(2048), "two buckets a frame")
}
