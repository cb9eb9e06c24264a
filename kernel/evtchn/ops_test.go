package evtchn

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/sharedinfo"
)

const none = hypercall.Errno(0)

// Each operation with each error it documents. The domains: 1 is privileged; 2
// has two vCPUs, PIRQ 3 is permitted; 3 has ports 1 to 4 only. In 2, port 1 waits
// for domain 1, port 2 for domain 3, 3 and domain 1's port 1 are connected, 4 is
// an IPI on vCPU 1, 5 VIRQ_TIMER on vCPU 1, 6 VIRQ_CONSOLE, 7 PIRQ 3, 8 waits for
// domain 2.
func TestErrors(t *testing.T) {
	type env struct {
		*house
		a, b, c *Domain
	}
	fill := func(e *env) {
		for e.c.open < 4 {
			e.port(AllocUnbound(e.h, e.c, e.c, 1))
		}
	}
	var st hypercall.EvtchnStatus
	type op func(e *env) hypercall.Errno
	alloc := func(_ hypercall.Port, e hypercall.Errno) hypercall.Errno { return e }
	bind := func(_ hypercall.Port, _ Effect, e hypercall.Errno) hypercall.Errno { return e }
	send := func(_ Effect, e hypercall.Errno) hypercall.Errno { return e }
	reset := func(done bool, e hypercall.Errno) hypercall.Errno {
		require.True(t, done)
		return e
	}
	for _, test := range []struct {
		name string
		want hypercall.Errno
		do   op
	}{
		{"alloc_unbound", none, func(e *env) hypercall.Errno { return alloc(AllocUnbound(e.h, e.b, e.b, 1)) }},
		{"alloc_unbound: a remote domain that is not there", none, func(e *env) hypercall.Errno { return alloc(AllocUnbound(e.h, e.b, e.b, 77)) }},
		{"alloc_unbound: for another, privileged", none, func(e *env) hypercall.Errno { return alloc(AllocUnbound(e.h, e.a, e.b, 1)) }},
		{"alloc_unbound: for another", hypercall.EPERM, func(e *env) hypercall.Errno { return alloc(AllocUnbound(e.h, e.b, e.a, 1)) }},
		{"alloc_unbound: no such domain", hypercall.ESRCH, func(e *env) hypercall.Errno { return alloc(AllocUnbound(e.h, e.b, nil, 1)) }},
		{"alloc_unbound: full", hypercall.ENOSPC, func(e *env) hypercall.Errno { fill(e); return alloc(AllocUnbound(e.h, e.c, e.c, 1)) }},
		{"alloc_unbound: dying", hypercall.EINVAL, func(e *env) hypercall.Errno { e.c.Destroy(e.h, 9); return alloc(AllocUnbound(e.h, e.c, e.c, 1)) }},
		{"bind_interdomain", none, func(e *env) hypercall.Errno { return bind(BindInterdomain(e.h, e.a, e.b, 1)) }},
		{"bind_interdomain: with itself", none, func(e *env) hypercall.Errno { return bind(BindInterdomain(e.h, e.b, e.b, 8)) }},
		{"bind_interdomain: no such domain", hypercall.ESRCH, func(e *env) hypercall.Errno { return bind(BindInterdomain(e.h, e.a, nil, 1)) }},
		{"bind_interdomain: waits for another", hypercall.EINVAL, func(e *env) hypercall.Errno { return bind(BindInterdomain(e.h, e.c, e.b, 1)) }},
		{"bind_interdomain: connected", hypercall.EINVAL, func(e *env) hypercall.Errno { return bind(BindInterdomain(e.h, e.a, e.b, 3)) }},
		{"bind_interdomain: an IPI", hypercall.EINVAL, func(e *env) hypercall.Errno { return bind(BindInterdomain(e.h, e.a, e.b, 4)) }},
		{"bind_interdomain: port 0", hypercall.EINVAL, func(e *env) hypercall.Errno { return bind(BindInterdomain(e.h, e.a, e.b, 0)) }},
		{"bind_interdomain: closed", hypercall.EINVAL, func(e *env) hypercall.Errno { return bind(BindInterdomain(e.h, e.a, e.b, 20)) }},
		{"bind_interdomain: beyond", hypercall.EINVAL, func(e *env) hypercall.Errno { return bind(BindInterdomain(e.h, e.a, e.b, 64)) }},
		{"bind_interdomain: far beyond", hypercall.EINVAL, func(e *env) hypercall.Errno { return bind(BindInterdomain(e.h, e.a, e.b, ^hypercall.Port(0))) }},
		{"bind_interdomain: full", hypercall.ENOSPC, func(e *env) hypercall.Errno { fill(e); return bind(BindInterdomain(e.h, e.c, e.b, 2)) }},
		{"bind_interdomain: remote dying", hypercall.EINVAL, func(e *env) hypercall.Errno { e.b.Destroy(e.h, 0); return bind(BindInterdomain(e.h, e.a, e.b, 1)) }},
		{"bind_interdomain: dying", hypercall.EINVAL, func(e *env) hypercall.Errno { e.a.Destroy(e.h, 0); return bind(BindInterdomain(e.h, e.a, e.b, 1)) }},
		{"bind_virq: a vCPU's", none, func(e *env) hypercall.Errno { return alloc(BindVIRQ(e.h, e.b, hypercall.VIRQ_TIMER, 0)) }},
		{"bind_virq: twice", hypercall.EEXIST, func(e *env) hypercall.Errno { return alloc(BindVIRQ(e.h, e.b, hypercall.VIRQ_TIMER, 1)) }},
		{"bind_virq: a global one twice", hypercall.EEXIST, func(e *env) hypercall.Errno { return alloc(BindVIRQ(e.h, e.b, hypercall.VIRQ_CONSOLE, 0)) }},
		{"bind_virq: a global one elsewhere", hypercall.EINVAL, func(e *env) hypercall.Errno { return alloc(BindVIRQ(e.h, e.b, hypercall.VIRQ_DOM_EXC, 1)) }},
		{"bind_virq: no such VIRQ", hypercall.EINVAL, func(e *env) hypercall.Errno { return alloc(BindVIRQ(e.h, e.b, hypercall.NR_VIRQS, 0)) }},
		{"bind_virq: no such vCPU", hypercall.ENOENT, func(e *env) hypercall.Errno { return alloc(BindVIRQ(e.h, e.b, hypercall.VIRQ_TIMER, 2)) }},
		{"bind_virq: full", hypercall.ENOSPC, func(e *env) hypercall.Errno { fill(e); return alloc(BindVIRQ(e.h, e.c, hypercall.VIRQ_TIMER, 0)) }},
		{"bind_ipi", none, func(e *env) hypercall.Errno { return alloc(BindIPI(e.h, e.b, 0)) }},
		{"bind_ipi: no such vCPU", hypercall.ENOENT, func(e *env) hypercall.Errno { return alloc(BindIPI(e.h, e.b, 2)) }},
		{"bind_ipi: far from any vCPU", hypercall.ENOENT, func(e *env) hypercall.Errno { return alloc(BindIPI(e.h, e.b, 1<<31)) }},
		{"bind_ipi: full", hypercall.ENOSPC, func(e *env) hypercall.Errno { fill(e); return alloc(BindIPI(e.h, e.c, 0)) }},
		{"bind_pirq: twice", hypercall.EEXIST, func(e *env) hypercall.Errno { return alloc(BindPIRQ(e.h, e.b, 3)) }},
		{"bind_pirq: not permitted", hypercall.EPERM, func(e *env) hypercall.Errno { return alloc(BindPIRQ(e.h, e.b, 4)) }},
		{"bind_pirq: no slot", hypercall.EINVAL, func(e *env) hypercall.Errno { return alloc(BindPIRQ(e.h, e.b, 8)) }},
		{"bind_pirq: full", hypercall.ENOSPC, func(e *env) hypercall.Errno {
			fill(e)
			e.c.PermitPIRQ(e.h, 1, true)
			return alloc(BindPIRQ(e.h, e.c, 1))
		}},
		{"permit_pirq: no slot", hypercall.EINVAL, func(e *env) hypercall.Errno { return e.b.PermitPIRQ(e.h, 8, true) }},
		{"close: a connection", none, func(e *env) hypercall.Errno { return Close(e.h, e.b, 3) }},
		{"close: port 0", hypercall.EINVAL, func(e *env) hypercall.Errno { return Close(e.h, e.b, 0) }},
		{"close: closed", hypercall.EINVAL, func(e *env) hypercall.Errno { return Close(e.h, e.b, 20) }},
		{"close: beyond", hypercall.EINVAL, func(e *env) hypercall.Errno { return Close(e.h, e.b, 64) }},
		{"close: far beyond", hypercall.EINVAL, func(e *env) hypercall.Errno { return Close(e.h, e.b, ^hypercall.Port(0)) }},
		{"send: a connection", none, func(e *env) hypercall.Errno { return send(Send(e.h, e.b, 3)) }},
		{"send: an IPI", none, func(e *env) hypercall.Errno { return send(Send(e.h, e.b, 4)) }},
		{"send: to nobody yet", none, func(e *env) hypercall.Errno { return send(Send(e.h, e.b, 1)) }},
		{"send: a VIRQ", hypercall.EINVAL, func(e *env) hypercall.Errno { return send(Send(e.h, e.b, 5)) }},
		{"send: a PIRQ", hypercall.EINVAL, func(e *env) hypercall.Errno { return send(Send(e.h, e.b, 7)) }},
		{"send: port 0", hypercall.EINVAL, func(e *env) hypercall.Errno { return send(Send(e.h, e.b, 0)) }},
		{"send: closed", hypercall.EINVAL, func(e *env) hypercall.Errno { return send(Send(e.h, e.b, 20)) }},
		{"send: beyond", hypercall.EINVAL, func(e *env) hypercall.Errno { return send(Send(e.h, e.b, 64)) }},
		{"send: beyond the limit, in a bucket", hypercall.EINVAL, func(e *env) hypercall.Errno { return send(Send(e.h, e.c, 5)) }},
		{"status", none, func(e *env) hypercall.Errno { return Status(e.h, e.b, e.b, 3, &st) }},
		{"status: port 0", none, func(e *env) hypercall.Errno { return Status(e.h, e.b, e.b, 0, &st) }},
		{"status: of another, privileged", none, func(e *env) hypercall.Errno { return Status(e.h, e.a, e.b, 3, &st) }},
		{"status: of another", hypercall.EPERM, func(e *env) hypercall.Errno { return Status(e.h, e.b, e.a, 1, &st) }},
		{"status: beyond", hypercall.EINVAL, func(e *env) hypercall.Errno { return Status(e.h, e.b, e.b, 64, &st) }},
		{"status: no such domain", hypercall.ESRCH, func(e *env) hypercall.Errno { return Status(e.h, e.b, nil, 1, &st) }},
		{"bind_vcpu: waiting", none, func(e *env) hypercall.Errno { return BindVCPU(e.h, e.b, 1, 1) }},
		{"bind_vcpu: connected", none, func(e *env) hypercall.Errno { return BindVCPU(e.h, e.b, 3, 1) }},
		{"bind_vcpu: a global VIRQ", none, func(e *env) hypercall.Errno { return BindVCPU(e.h, e.b, 6, 1) }},
		{"bind_vcpu: a PIRQ", none, func(e *env) hypercall.Errno { return BindVCPU(e.h, e.b, 7, 1) }},
		{"bind_vcpu: a vCPU's VIRQ", hypercall.EINVAL, func(e *env) hypercall.Errno { return BindVCPU(e.h, e.b, 5, 1) }},
		{"bind_vcpu: an IPI", hypercall.EINVAL, func(e *env) hypercall.Errno { return BindVCPU(e.h, e.b, 4, 0) }},
		{"bind_vcpu: closed", hypercall.EINVAL, func(e *env) hypercall.Errno { return BindVCPU(e.h, e.b, 20, 0) }},
		{"bind_vcpu: beyond", hypercall.EINVAL, func(e *env) hypercall.Errno { return BindVCPU(e.h, e.b, 64, 0) }},
		{"bind_vcpu: no such vCPU", hypercall.ENOENT, func(e *env) hypercall.Errno { return BindVCPU(e.h, e.b, 1, 2) }},
		{"unmask", none, func(e *env) hypercall.Errno { return send(Unmask(e.b, 3)) }},
		{"unmask: closed", none, func(e *env) hypercall.Errno { return send(Unmask(e.b, 20)) }},
		{"unmask: beyond", hypercall.EINVAL, func(e *env) hypercall.Errno { return send(Unmask(e.b, 64)) }},
		{"reset", none, func(e *env) hypercall.Errno { return reset(Reset(e.h, e.b, e.b, 100)) }},
		{"reset: another, privileged", none, func(e *env) hypercall.Errno { return reset(Reset(e.h, e.a, e.b, 100)) }},
		{"reset: another", hypercall.EPERM, func(e *env) hypercall.Errno { return reset(Reset(e.h, e.b, e.a, 100)) }},
		{"reset: no such domain", hypercall.ESRCH, func(e *env) hypercall.Errno { return reset(Reset(e.h, e.b, nil, 100)) }},
		{"register_vcpu_info: no such vCPU", hypercall.ENOENT, func(e *env) hypercall.Errno { return send(e.b.MoveInfo(e.h, 2, new(sharedinfo.VCPU))) }},
		{"register_vcpu_info: twice", hypercall.EINVAL, func(e *env) hypercall.Errno {
			require.Zero(t, send(e.b.MoveInfo(e.h, 1, new(sharedinfo.VCPU))))
			return send(e.b.MoveInfo(e.h, 1, new(sharedinfo.VCPU)))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newHouse(t)
			e := &env{s, s.domain(1, MaxPorts-1), s.domain(2, MaxPorts-1), s.domain(1, 4)}
			require.Zero(t, e.b.PermitPIRQ(s.h, 3, true))
			s.port(AllocUnbound(s.h, e.b, e.b, 1))
			s.port(AllocUnbound(s.h, e.b, e.b, 3))
			p, q := s.pair(e.b, e.a)
			require.EqualValues(t, 3, p)
			require.EqualValues(t, 1, q)
			s.port(BindIPI(s.h, e.b, 1))
			s.port(BindVIRQ(s.h, e.b, hypercall.VIRQ_TIMER, 1))
			s.port(BindVIRQ(s.h, e.b, hypercall.VIRQ_CONSOLE, 0))
			s.port(BindPIRQ(s.h, e.b, 3))
			require.EqualValues(t, 8, s.port(AllocUnbound(s.h, e.b, e.b, hypercall.DOMID_SELF)))

			open := e.b.open
			got := test.do(e)
			assert.Equal(t, test.want, got, "%v", got)
			if got != 0 && !e.b.dying {
				assert.Equal(t, open, e.b.open, "an error changed something")
			}
			s.h.AssertNone()
			for _, d := range s.domains {
				s.check(d)
			}
		})
	}
}

func TestNoMemory(t *testing.T) {
	s := newHouse(t)
	a, b := s.domain(1, 4095), s.domain(1, 4095)
	for range 63 {
		s.port(BindIPI(s.h, a, 0))
		s.port(AllocUnbound(s.h, b, b, 1))
	}
	require.Zero(t, a.PermitPIRQ(s.h, 1, true))
	s.left.Store(0)
	_, e := AllocUnbound(s.h, a, a, 2)
	assert.Equal(t, hypercall.ENOMEM, e)
	_, _, e = BindInterdomain(s.h, a, b, 1)
	assert.Equal(t, hypercall.ENOMEM, e)
	_, e = BindIPI(s.h, a, 0)
	assert.Equal(t, hypercall.ENOMEM, e)
	_, e = BindVIRQ(s.h, a, 0, 0)
	assert.Equal(t, hypercall.ENOMEM, e)
	_, e = BindPIRQ(s.h, a, 1)
	assert.Equal(t, hypercall.ENOMEM, e)
	s.check(a)
	s.left.Store(1)
	assert.EqualValues(t, 64, s.port(BindIPI(s.h, a, 0)))

	var d Domain
	s.left.Store(0)
	assert.Equal(t, hypercall.ENOMEM, d.Init(s.h, Config{System: &s.system, Memory: &s.memory, MaxPort: 1}))
	for _, c := range []Config{{MaxPort: 0}, {MaxPort: MaxPorts}, {MaxPort: 1, PIRQs: MaxPIRQs + 1}} {
		assert.Equal(t, hypercall.EINVAL, new(Domain).Init(s.h, c))
	}
}

// The lowest port that is free is given out, up to the domain's limit; the whole
// table can be used, and comes back.
func TestAllPorts(t *testing.T) {
	s := newHouse(t)
	d := s.domain(1, MaxPorts-1)
	for n := 1; n < MaxPorts; n++ {
		require.EqualValues(t, n, s.port(BindIPI(s.h, d, 0)))
	}
	_, e := BindIPI(s.h, d, 0)
	require.Equal(t, hypercall.ENOSPC, e)
	assert.EqualValues(t, MaxPorts/perBucket, s.buckets.Load())
	require.Zero(t, Close(s.h, d, 4095))
	require.Zero(t, Close(s.h, d, 77))
	assert.EqualValues(t, 77, s.port(BindIPI(s.h, d, 0)))
	assert.EqualValues(t, 4095, s.port(BindIPI(s.h, d, 0)))
	effect, e := Send(s.h, d, 4095)
	require.Zero(t, e)
	assert.Equal(t, Effect{Domain: d, Upcall: 1}, effect)
	assert.Equal(t, []hypercall.Port{4095}, take(d, 0))

	calls := 0
	for done := false; !done; calls++ {
		done = d.Destroy(s.h, 100)
	}
	assert.Equal(t, 41, calls)
	s.check(d)
	d.Free(s.h)
	assert.Zero(t, s.buckets.Load())
	assert.Nil(t, d.find(1))
}

func TestVCPUs(t *testing.T) {
	s := newHouse(t)
	d := s.domain(MaxVCPUs, 100)
	assert.False(t, d.AddVCPU(s.h, new(VCPU)))
	assert.Nil(t, d.vcpus[32].Info(), "no place in the shared page")

	n := s.port(BindIPI(s.h, d, 40))
	effect, _ := Send(s.h, d, n)
	assert.True(t, effect.None())
	assert.True(t, pending(d, n))
	place := new(sharedinfo.VCPU)
	effect, e := d.MoveInfo(s.h, 40, place)
	require.Zero(t, e)
	assert.Equal(t, Effect{Domain: d, Upcall: 1 << 40}, effect)
	assert.Equal(t, []hypercall.Port{n}, take(d, 40), "an event from before the registration")
	effect, _ = Send(s.h, d, n)
	assert.Equal(t, Effect{Domain: d, Upcall: 1 << 40}, effect)
}

// A vCPU's place keeps its contents when it moves, and what was sent to the old
// one is found.
func TestMoveInfo(t *testing.T) {
	s := newHouse(t)
	d := s.domain(1, 100)
	n := s.port(BindIPI(s.h, d, 0))
	old := d.vcpus[0].Info()
	old.MaskUpcalls()
	old.CR2.Store(0x1234)
	old.Time.Mul.Store(77)
	place := new(sharedinfo.VCPU)
	effect, e := d.MoveInfo(s.h, 0, place)
	require.Zero(t, e)
	assert.EqualValues(t, 1, effect.Upcall)
	assert.Same(t, place, d.vcpus[0].Info())
	assert.True(t, place.UpcallMasked())
	assert.EqualValues(t, 0x1234, place.CR2.Load())
	assert.EqualValues(t, 77, place.Time.Mul.Load())
	assert.Empty(t, take(d, 0))
	_, e = Send(s.h, d, n)
	require.Zero(t, e)
	assert.False(t, old.UpcallPending())
	assert.Equal(t, []hypercall.Port{n}, take(d, 0))
}

// A domain with no vCPUs yet is given its ports by its builder; what is sent to
// them is there when the vCPUs come.
func TestPortsBeforeVCPUs(t *testing.T) {
	s := newHouse(t)
	a, b := s.domain(1, 100), s.domain(0, 100)
	n := s.port(AllocUnbound(s.h, a, b, hypercall.DOMID_SELF))
	assert.EqualValues(t, 1, s.status(b, n).U.Domain())
	m, effect, e := BindInterdomain(s.h, a, b, n)
	s.port(m, e)
	assert.Equal(t, Effect{Domain: a, Upcall: 1}, effect, "a new connection starts pending")
	effect, e = Send(s.h, a, m)
	require.Zero(t, e)
	assert.True(t, effect.None())
	assert.True(t, pending(b, n))
}

// An event: masked and not, once and again, to the vCPU that was chosen.
func TestDelivery(t *testing.T) {
	s := newHouse(t)
	a, b := s.domain(1, 100), s.domain(3, 100)
	p, q := s.pair(b, a)
	send := func() Effect {
		t.Helper()
		effect, e := Send(s.h, a, q)
		require.Zero(t, e)
		return effect
	}
	assert.Equal(t, Effect{Domain: b, Upcall: 1}, send())
	assert.True(t, send().None(), "pending already")
	assert.Equal(t, []hypercall.Port{p}, take(b, 0))

	require.Zero(t, BindVCPU(s.h, b, p, 2))
	assert.EqualValues(t, 2, s.status(b, p).VCPU)
	assert.Equal(t, Effect{Domain: b, Upcall: 1 << 2}, send())
	assert.Equal(t, []hypercall.Port{p}, take(b, 2))

	b.Page.Mask[0].Or(1 << p)
	assert.True(t, send().None(), "masked")
	assert.True(t, pending(b, p))
	effect, e := Unmask(b, p)
	require.Zero(t, e)
	assert.Equal(t, Effect{Domain: b, Upcall: 1 << 2}, effect)
	assert.Equal(t, []hypercall.Port{p}, take(b, 2))
	effect, e = Unmask(b, p)
	require.Zero(t, e)
	assert.True(t, effect.None(), "it was not masked")

	// The upcall mask is no affair of the sender's.
	b.vcpus[2].Info().MaskUpcalls()
	assert.Equal(t, Effect{Domain: b, Upcall: 1 << 2}, send())
	assert.False(t, b.vcpus[2].Info().Deliverable())
}

func TestInterrupts(t *testing.T) {
	s := newHouse(t)
	d := s.domain(2, 100)
	assert.True(t, d.RaiseVIRQ(hypercall.VIRQ_TIMER, 1).None(), "not bound")
	assert.True(t, d.RaiseVIRQ(hypercall.VIRQ_TIMER, 9).None(), "no such vCPU")
	assert.True(t, d.RaiseVIRQ(99, 0).None(), "no such VIRQ")
	assert.True(t, d.RaisePIRQ(99).None(), "no such PIRQ")
	n := s.port(BindVIRQ(s.h, d, hypercall.VIRQ_TIMER, 1))
	assert.Equal(t, Effect{Domain: d, Upcall: 2}, d.RaiseVIRQ(hypercall.VIRQ_TIMER, 1))
	assert.True(t, d.RaiseVIRQ(hypercall.VIRQ_TIMER, 0).None(), "another vCPU's")
	assert.Equal(t, []hypercall.Port{n}, take(d, 1))

	n = s.port(BindVIRQ(s.h, d, hypercall.VIRQ_CONSOLE, 0))
	require.Zero(t, BindVCPU(s.h, d, n, 1))
	assert.Equal(t, Effect{Domain: d, Upcall: 2}, d.RaiseVIRQ(hypercall.VIRQ_CONSOLE, 0), "a global one that was moved")
	require.Zero(t, Close(s.h, d, n))
	assert.True(t, d.RaiseVIRQ(hypercall.VIRQ_CONSOLE, 0).None())
	assert.Equal(t, n, s.port(BindVIRQ(s.h, d, hypercall.VIRQ_CONSOLE, 0)), "closed where it was moved to, and bound again")

	require.Zero(t, d.PermitPIRQ(s.h, 5, true))
	n = s.port(BindPIRQ(s.h, d, 5))
	assert.Equal(t, hypercall.EvtchnStatus{Status: hypercall.EVTCHNSTAT_pirq, U: hypercall.PeerIRQ(5)}, s.status(d, n))
	take(d, 1)
	assert.Equal(t, Effect{Domain: d, Upcall: 1}, d.RaisePIRQ(5))
	require.Zero(t, Close(s.h, d, n))
	assert.True(t, d.RaisePIRQ(5).None())
	s.check(d)
}

func TestStatusOfEachKind(t *testing.T) {
	s := newHouse(t)
	a, b := s.domain(1, 100), s.domain(2, 100)
	p, q := s.pair(b, a)
	assert.Equal(t, hypercall.EvtchnStatus{Status: hypercall.EVTCHNSTAT_interdomain, U: hypercall.PeerDomain(1, q)}, s.status(b, p))
	assert.Equal(t, hypercall.EvtchnStatus{Status: hypercall.EVTCHNSTAT_interdomain, U: hypercall.PeerDomain(2, p)}, s.status(a, q))
	require.Zero(t, Close(s.h, a, q))
	assert.Equal(t, hypercall.EvtchnStatus{}, s.status(a, q))
	assert.Equal(t, hypercall.EvtchnStatus{Status: hypercall.EVTCHNSTAT_unbound, U: hypercall.PeerDomain(1, 0)}, s.status(b, p), "waits for the peer again")
	n := s.port(BindIPI(s.h, b, 1))
	assert.Equal(t, hypercall.EvtchnStatus{Status: hypercall.EVTCHNSTAT_ipi, VCPU: 1}, s.status(b, n))
	n = s.port(BindVIRQ(s.h, b, hypercall.VIRQ_DEBUG, 1))
	assert.Equal(t, hypercall.EvtchnStatus{Status: hypercall.EVTCHNSTAT_virq, VCPU: 1, U: hypercall.PeerIRQ(1)}, s.status(b, n))
}

func TestLoopback(t *testing.T) {
	s := newHouse(t)
	d := s.domain(2, 100)
	p, q := s.pair(d, d)
	effect, e := Send(s.h, d, q)
	require.Zero(t, e)
	assert.Equal(t, Effect{Domain: d, Upcall: 1}, effect)
	assert.Equal(t, []hypercall.Port{p}, take(d, 0))
	require.Zero(t, Close(s.h, d, p))
	assert.Equal(t, hypercall.EvtchnStatus{Status: hypercall.EVTCHNSTAT_unbound, U: hypercall.PeerDomain(1, 0)}, s.status(d, q))
	require.Zero(t, Close(s.h, d, q))
	s.check(d)
}

// What a port was in its last life doesn't show in the next.
func TestPortIsReusedClean(t *testing.T) {
	s := newHouse(t)
	a, b := s.domain(1, 100), s.domain(2, 100)
	p, q := s.pair(b, a)
	require.Zero(t, BindVCPU(s.h, b, p, 1))
	_, e := Send(s.h, a, q)
	require.Zero(t, e)
	require.Zero(t, Close(s.h, b, p))
	assert.Equal(t, p, s.port(BindIPI(s.h, b, 0)))
	assert.False(t, pending(b, p), "an event of the last life")
	assert.Equal(t, hypercall.EvtchnStatus{Status: hypercall.EVTCHNSTAT_ipi}, s.status(b, p))
}

func TestPIRQBound(t *testing.T) {
	s := newHouse(t)
	d := s.domain(1, 10)
	require.Zero(t, d.PermitPIRQ(s.h, 1, true))
	assert.False(t, d.PIRQBound(1))
	n := s.port(BindPIRQ(s.h, d, 1))
	assert.True(t, d.PIRQBound(1))
	assert.False(t, d.PIRQBound(0))
	assert.False(t, d.PIRQBound(d.PIRQs))
	assert.False(t, d.PIRQBound(^uint32(0)))
	require.Zero(t, Close(s.h, d, n))
	assert.False(t, d.PIRQBound(1))
}
