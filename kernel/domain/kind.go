package domain

import (
	"tuco/hypercall"
	"tuco/kernel/exit"
)

// Kind is how a kind of guest is to be treated. There is one constant value
// for each.
type Kind struct {
	Name string

	// Exception handles an exception of the guest's: see Container.Exception. It fills
	// in v.Info, as far as reports need it.
	Exception func(v *VCPU)

	// Software handles a software interrupt, of which v.Info says nothing yet.
	Software func(v *VCPU)

	// Exit handles an exit that is neither of these, nor a hypercall, nor an affair of
	// the host's; v.Info describes it.
	Exit func(v *VCPU)

	// Code reads the guest's memory at its instruction pointer.
	Code func(v *VCPU, rip uint64) exit.Code

	// Prepare is called before an entry if the vCPU wants something. An upcall that is to come it delivers
	// too; Upcall does, if the vCPU wants nothing.
	Prepare, Upcall func(v *VCPU)

	// Broken takes a guest whose state the processor refuses, or whose exit has
	// no name.
	Broken func(v *VCPU)

	// Hypercall serves the exit of a hypercall's instruction, with the guest past
	// it, and returns what RAX is to be. A call that is not over leaves RAX as it
	// is and sets WantCall; then Proceed is called, again and again until it says that
	// the call is over, and what it returns then goes to RAX.
	Hypercall func(v *VCPU) uint64
	Proceed   func(v *VCPU) (rax uint64, over bool)

	// IsHypercall tells whether Hypercall would take such an exit for a hypercall, and not for something
	// else that the guest does by the same instruction.
	IsHypercall func(v *VCPU) bool
}

// Handler does the work of a hypercall. Its result goes to the guest's RAX.
// Continue means that the budget is used up: the call is to be made again.
type Handler func(v *VCPU, a *hypercall.Args) int64

const (
	// NoSuchCall is what an unknown hypercall returns: -ENOSYS of the Xen ABI.
	NoSuchCall = -38
	// Continue is no result of a call's but iret's, which is whatever the guest
	// wants in RAX: see PV.Returned.
	Continue = -1 << 63
)
