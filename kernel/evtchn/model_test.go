package evtchn

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/hypercall"
)

// The reference: event channels as one would write them with maps, one event at
// a time, and no shared page but sets of bits.

type modelPort struct {
	state state
	vcpu  int
	dom   int // the peer's, or that which may bind
	port  int // the peer's
	irq   int
}

type modelDomain struct {
	ports      map[int]*modelPort
	pending    map[int]bool
	masked     map[int]bool
	selector   []map[int]bool // by vCPU, of words
	upcall     []bool
	limit      int
	privileged bool
}

type model []*modelDomain

const (
	modelDomains = 3
	modelVCPUs   = 2
)

func (d *modelDomain) alloc(p modelPort) (int, hypercall.Errno) {
	for n := 1; n <= d.limit; n++ {
		if d.ports[n] == nil {
			d.ports[n] = &p
			return n, 0
		}
	}
	return 0, hypercall.ENOSPC
}

func (d *modelDomain) raise(n, vcpu int) uint64 {
	if d.pending[n] {
		return 0
	}
	d.pending[n] = true
	if d.masked[n] {
		return 0
	}
	return d.tell(n, vcpu)
}

func (d *modelDomain) tell(n, vcpu int) uint64 {
	if d.selector[vcpu][n/64] {
		return 0
	}
	d.selector[vcpu][n/64] = true
	if d.upcall[vcpu] {
		return 0
	}
	d.upcall[vcpu] = true
	return 1 << vcpu
}

func (d *modelDomain) bound(s state, irq, vcpu int) bool {
	for _, p := range d.ports {
		if p.state == s && p.irq == irq && (globalVIRQ(uint32(irq)) || p.vcpu == vcpu) {
			return true
		}
	}
	return false
}

func (m model) close(dom, n int) hypercall.Errno {
	d := m[dom]
	p := d.ports[n]
	if p == nil {
		return hypercall.EINVAL
	}
	if p.state == interdomain {
		*m[p.dom].ports[p.port] = modelPort{state: unbound, vcpu: m[p.dom].ports[p.port].vcpu, dom: dom}
	}
	delete(d.ports, n)
	delete(d.pending, n)
	return 0
}

// pairOfWorlds runs each operation in both, and compares.
type pairOfWorlds struct {
	*house
	m     model
	bytes []byte
}

func newPair(t testing.TB, bytes []byte) *pairOfWorlds {
	w := &pairOfWorlds{house: newHouse(t), bytes: bytes}
	for i := range modelDomains {
		limit := 10 + 5*i
		d := w.domain(modelVCPUs, uint32(limit))
		require.Zero(t, d.PermitPIRQ(w.h, 1, true))
		md := &modelDomain{ports: map[int]*modelPort{}, pending: map[int]bool{}, masked: map[int]bool{}, limit: limit, privileged: i == 0}
		for range modelVCPUs {
			md.selector = append(md.selector, map[int]bool{})
		}
		md.upcall = make([]bool, modelVCPUs)
		w.m = append(w.m, md)
	}
	return w
}

func (w *pairOfWorlds) pick(below int) int {
	if len(w.bytes) == 0 {
		return 0
	}
	b := w.bytes[0]
	w.bytes = w.bytes[1:]
	return int(b) % below
}

func (w *pairOfWorlds) step() {
	op, dom, other := w.pick(16), w.pick(modelDomains), w.pick(modelDomains)
	d, o := w.domains[dom], w.domains[other]
	md, mo := w.m[dom], w.m[other]
	n := w.pick(md.limit + 4) // some don't exist
	vcpu := w.pick(modelVCPUs + 1)
	exists := n <= md.limit
	same := func(what string, want, got any) {
		w.t.Helper()
		require.Equal(w.t, want, got, "%s: domain %d, other %d, port %d, vCPU %d", what, dom, other, n, vcpu)
	}
	samePort := func(what string, n int, e hypercall.Errno, got hypercall.Port, gotE hypercall.Errno) {
		w.t.Helper()
		same(what, e, gotE)
		same(what, hypercall.Port(n), got)
	}
	switch op {
	case 0, 1: // alloc_unbound, by dom, in other, for a third
		third := w.pick(modelDomains)
		var wantN int
		e := hypercall.EPERM
		if dom == other || md.privileged {
			wantN, e = mo.alloc(modelPort{state: unbound, dom: third})
		}
		got, gotE := AllocUnbound(w.h, d, o, w.domains[third].ID)
		samePort("alloc_unbound", wantN, e, got, gotE)
	case 2, 3, 4: // bind_interdomain
		rport := w.pick(mo.limit + 4)
		var wantN int
		var wake uint64
		e := hypercall.EINVAL
		if r := mo.ports[rport]; len(md.ports) == md.limit {
			e = hypercall.ENOSPC
		} else if r != nil && r.state == unbound && r.dom == dom {
			wantN, e = md.alloc(modelPort{state: interdomain, dom: other, port: rport})
			*r = modelPort{state: interdomain, vcpu: r.vcpu, dom: dom, port: wantN}
			wake = md.raise(wantN, 0)
		}
		got, effect, gotE := BindInterdomain(w.h, d, o, hypercall.Port(rport))
		samePort("bind_interdomain", wantN, e, got, gotE)
		same("bind_interdomain", wake, effect.Upcall)
	case 5: // bind_virq
		virq := w.pick(4)
		var wantN int
		e := hypercall.Errno(0)
		switch {
		case globalVIRQ(uint32(virq)) && vcpu != 0:
			e = hypercall.EINVAL
		case vcpu >= modelVCPUs:
			e = hypercall.ENOENT
		case md.bound(virqBound, virq, vcpu):
			e = hypercall.EEXIST
		default:
			wantN, e = md.alloc(modelPort{state: virqBound, irq: virq, vcpu: vcpu})
		}
		got, gotE := BindVIRQ(w.h, d, uint32(virq), uint32(vcpu))
		samePort("bind_virq", wantN, e, got, gotE)
	case 6: // bind_ipi
		var wantN int
		e := hypercall.ENOENT
		if vcpu < modelVCPUs {
			wantN, e = md.alloc(modelPort{state: ipiBound, vcpu: vcpu})
		}
		got, gotE := BindIPI(w.h, d, uint32(vcpu))
		samePort("bind_ipi", wantN, e, got, gotE)
	case 7, 8: // close
		same("close", w.m.close(dom, n), Close(w.h, d, hypercall.Port(n)))
	case 9, 10, 11: // send
		e := hypercall.EINVAL
		var wake uint64
		to := md
		if p := md.ports[n]; p != nil {
			switch p.state {
			case unbound:
				e = 0
			case interdomain:
				to = w.m[p.dom]
				e, wake = 0, to.raise(p.port, to.ports[p.port].vcpu)
			case ipiBound:
				e, wake = 0, md.raise(n, p.vcpu)
			}
		}
		effect, gotE := Send(w.h, d, hypercall.Port(n))
		same("send", e, gotE)
		same("send", wake, effect.Upcall)
	case 12: // bind_vcpu
		e := hypercall.EINVAL
		if p := md.ports[n]; vcpu >= modelVCPUs {
			e = hypercall.ENOENT
		} else if p != nil && p.state != ipiBound && (p.state != virqBound || globalVIRQ(uint32(p.irq))) {
			p.vcpu, e = vcpu, 0
		}
		same("bind_vcpu", e, BindVCPU(w.h, d, hypercall.Port(n), uint32(vcpu)))
	case 13: // the guest masks; or unmasks by the call
		if exists && n > 0 && w.pick(2) == 0 {
			md.masked[n] = true
			d.Page.Mask[n/64].Or(1 << n)
			break
		}
		e := hypercall.EINVAL
		var wake uint64
		if exists {
			e = 0
			if p := md.ports[n]; p != nil {
				if md.masked[n] && md.pending[n] {
					wake = md.tell(n, p.vcpu)
				}
				md.masked[n] = false
			}
		}
		effect, gotE := Unmask(d, hypercall.Port(n))
		same("unmask", e, gotE)
		same("unmask", wake, effect.Upcall)
	case 14: // the guest takes its events
		if vcpu == modelVCPUs {
			break
		}
		var want []hypercall.Port
		if md.upcall[vcpu] {
			md.upcall[vcpu] = false
			for n := 1; md.selector[vcpu][0] && n <= md.limit; n++ {
				if md.pending[n] && !md.masked[n] {
					want = append(want, hypercall.Port(n))
					delete(md.pending, n)
				}
			}
			delete(md.selector[vcpu], 0)
		}
		same("take", want, take(d, vcpu))
	case 15: // interrupts; rarely, a reset
		if w.pick(20) == 0 {
			for n := range md.limit + 1 {
				w.m.close(dom, n)
			}
			done, e := Reset(w.h, d, d, 100)
			same("reset", true, done)
			same("reset", hypercall.Errno(0), e)
			break
		}
		virq := w.pick(4)
		if globalVIRQ(uint32(virq)) {
			vcpu = 0
		}
		var wake uint64
		for n, p := range md.ports {
			if p.state == virqBound && p.irq == virq && (globalVIRQ(uint32(virq)) || p.vcpu == vcpu) {
				wake = md.raise(n, p.vcpu)
			}
		}
		same("raise", wake, d.RaiseVIRQ(uint32(virq), uint32(vcpu)).Upcall)
	}
}

// compare looks at all state that can be seen.
func (w *pairOfWorlds) compare() {
	for i, md := range w.m {
		d := w.domains[i]
		for n := range md.limit + 1 {
			want := hypercall.EvtchnStatus{}
			if p := md.ports[n]; p != nil {
				want = hypercall.EvtchnStatus{Status: uint32(p.state), VCPU: uint32(p.vcpu)}
				switch p.state {
				case unbound:
					want.U = hypercall.PeerDomain(w.domains[p.dom].ID, 0)
				case interdomain:
					want.U = hypercall.PeerDomain(w.domains[p.dom].ID, hypercall.Port(p.port))
				case virqBound:
					want.U = hypercall.PeerIRQ(uint32(p.irq))
				}
			}
			require.Equal(w.t, want, w.status(d, hypercall.Port(n)), "domain %d port %d", i, n)
			require.Equal(w.t, md.pending[n], pending(d, hypercall.Port(n)), "domain %d port %d", i, n)
		}
		for v := range modelVCPUs {
			require.Equal(w.t, md.upcall[v], d.vcpus[v].Info().UpcallPending(), "domain %d vCPU %d", i, v)
			require.Equal(w.t, md.selector[v][0], d.vcpus[v].Info().Selector.Load() != 0, "domain %d vCPU %d", i, v)
		}
		w.check(d)
	}
}

func TestAgainstModel(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 11))
	for range 10 {
		bytes := make([]byte, 6000)
		for i := range bytes {
			bytes[i] = byte(r.Uint32())
		}
		w := newPair(t, bytes)
		for i := 0; len(w.bytes) > 0; i++ {
			w.step()
			if i%50 == 0 {
				w.compare()
			}
		}
		w.compare()
	}
}

func FuzzModel(f *testing.F) {
	f.Add([]byte{0, 1, 1, 0, 0, 2, 2, 2, 1, 0, 0, 1})
	f.Add([]byte{5, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 15, 0, 0, 0, 0, 1, 0, 14, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, bytes []byte) {
		w := newPair(t, bytes[:min(len(bytes), 4096)]) // or each takes seconds
		for len(w.bytes) > 0 {
			w.step()
		}
		w.compare()
	})
}
