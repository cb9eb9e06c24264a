package evtchn

import (
	"sync/atomic"

	"tuco/hypercall"
	"tuco/kernel/lock"
)

// globalVIRQ tells whether a domain has a virtual interrupt once, not once for
// each vCPU. Public header xen.h, "Virtual interrupts".
func globalVIRQ(virq uint32) bool {
	switch virq {
	case hypercall.VIRQ_TIMER, hypercall.VIRQ_DEBUG, hypercall.VIRQ_XENOPROF, hypercall.VIRQ_XENPMU:
		return false
	}
	return true
}

// BindVIRQ gives d a port for a virtual interrupt of a vCPU, or for a global one,
// which is bound on vCPU 0 and may be moved by BindVCPU.
//
// EINVAL: no such VIRQ, or a global one on another vCPU than 0; or d is going
// away. ENOENT: no such vCPU. EEXIST: it is bound already. ENOSPC: no port
// left. ENOMEM. An error leaves everything as it was, above all a binding that
// exists.
func BindVIRQ(h *lock.Holder, d *Domain, virq, vcpu uint32) (hypercall.Port, hypercall.Errno) {
	if virq >= hypercall.NR_VIRQS || globalVIRQ(virq) && vcpu != 0 {
		return 0, hypercall.EINVAL
	}
	v := d.vcpu(vcpu)
	if v == nil {
		return 0, hypercall.ENOENT
	}
	return d.bindIRQ(h, &v.virqs[virq], virqBound, virq, vcpu)
}

// bindIRQ gives d a port for an interrupt, whose place in the table of its kind is
// slot.
func (d *Domain) bindIRQ(h *lock.Holder, slot *atomic.Uint32, s state, irq, vcpu uint32) (hypercall.Port, hypercall.Errno) {
	for {
		seen := d.valid.Load()
		d.lock.Lock(h)
		n, p, e := d.lowest()
		if slot.Load() != 0 {
			e = hypercall.EEXIST
		}
		if e == 0 {
			d.take(n)
			p.number = irq
			p.store(s, vcpu)
			slot.Store(uint32(n)) // release: whoever finds the port finds it bound
		}
		d.lock.Unlock(h)
		if e == 0 {
			return n, 0
		}
		if e != mustGrow {
			return 0, e
		}
		if e := d.grow(h, seen); e != 0 {
			return 0, e
		}
	}
}

// RaiseVIRQ sends a vCPU one of its own virtual interrupts, or, on vCPU 0, the
// domain a global one. Nothing happens if it is not bound. It takes no lock:
// timers call it.
func (d *Domain) RaiseVIRQ(virq, vcpu uint32) Effect {
	v := d.vcpu(vcpu)
	if v == nil || virq >= hypercall.NR_VIRQS {
		return Effect{}
	}
	return d.raiseIRQ(&v.virqs[virq], virqBound)
}

func (d *Domain) raiseIRQ(slot *atomic.Uint32, s state) Effect {
	n := hypercall.Port(slot.Load()) // acquire: pairs with the store in bindIRQ
	if n == 0 {
		return Effect{}
	}
	w := d.find(n).load()
	if w.state() != s { // just being closed
		return Effect{}
	}
	return d.raise(n, w.vcpu())
}

// pirq is a domain's slot for a physical interrupt.
type pirq struct {
	port      atomic.Uint32 // [lock] to write; 0 if it is not bound
	permitted bool          // [lock]
}

// PermitPIRQ lets d bind a physical interrupt, or forbids it. A binding that
// exists stays. EINVAL: d has no slot of this number.
func (d *Domain) PermitPIRQ(h *lock.Holder, irq uint32, permitted bool) hypercall.Errno {
	if irq >= d.PIRQs {
		return hypercall.EINVAL
	}
	d.lock.Lock(h)
	d.pirqs[irq].permitted = permitted
	d.lock.Unlock(h)
	return 0
}

// BindPIRQ gives d a port for a physical interrupt. What makes the hardware send
// it is not done here.
//
// EINVAL: d has no slot of this number, or is going away. EPERM: it may not have
// this interrupt. EEXIST: it is bound already. ENOSPC: no port left. ENOMEM.
func BindPIRQ(h *lock.Holder, d *Domain, irq uint32) (hypercall.Port, hypercall.Errno) {
	if irq >= d.PIRQs {
		return 0, hypercall.EINVAL
	}
	slot := &d.pirqs[irq]
	d.lock.Lock(h)
	permitted := slot.permitted
	d.lock.Unlock(h)
	if !permitted {
		return 0, hypercall.EPERM
	}
	return d.bindIRQ(h, &slot.port, pirqBound, irq, 0)
}

// PIRQBound tells whether a physical interrupt is bound.
func (d *Domain) PIRQBound(irq uint32) bool { return irq < d.PIRQs && d.pirqs[irq].port.Load() != 0 }

// RaisePIRQ sends the domain a physical interrupt. Nothing happens if it is not
// bound. It takes no lock.
func (d *Domain) RaisePIRQ(irq uint32) Effect {
	if irq >= d.PIRQs {
		return Effect{}
	}
	return d.raiseIRQ(&d.pirqs[irq].port, pirqBound)
}

// slotOf is the place in the interrupts' tables that names a port which is bound
// to one.
func (d *Domain) slotOf(p *port, w word) *atomic.Uint32 {
	if w.state() == pirqBound {
		return &d.pirqs[p.number].port
	}
	if globalVIRQ(p.number) {
		return &d.vcpus[0].virqs[p.number]
	}
	return &d.vcpus[w.vcpu()].virqs[p.number]
}
