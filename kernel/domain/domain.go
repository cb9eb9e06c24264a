package domain

import (
	"tuco/kernel/container"
	"tuco/kernel/exit"
	"tuco/kernel/trace"
)

// ID numbers a domain.
type ID uint16

// Domain is one virtual machine.
type Domain struct {
	ID   ID
	Kind *Kind
}

// VCPU is a domain's virtual CPU.
type VCPU struct {
	Container container.Container

	Domain *Domain
	ID     uint16

	// Name is how the trace knows it.
	Name uint32

	// Leave, when set by a handler, ends the exit loop before the next entry.
	Leave bool

	// Exits counts by reason.
	Exits [exit.ReasonLimit]uint64

	// Info describes the last exit that was not a hypercall.
	Info exit.Info
}

// Init makes a VCPU of d whose container is empty.
func (v *VCPU) Init(d *Domain, id uint16, s *exit.Setup) {
	v.Domain, v.ID = d, id
	v.Name = trace.VCPU(uint16(d.ID), id)
	v.Leave = false
	v.Exits = [exit.ReasonLimit]uint64{}
	v.Info = exit.Info{}
	v.Container.Init(s)
}
