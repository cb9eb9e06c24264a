package domain

import "tuco/kernel/exit"

// Kind is how a kind of guest is to be treated. There is one constant value
// for each.
type Kind struct {
	Name string

	// Exit handles an exit that is neither a hypercall nor an affair of the
	// host's; v.Info describes it.
	Exit func(v *VCPU)

	// Code reads the guest's memory at its instruction pointer.
	Code func(v *VCPU, rip uint64) exit.Code

	// Hypercalls is indexed by number; each row has a Call. A number beyond the
	// table returns NoSuchCall.
	Hypercalls []Hypercall
}

// Hypercall is a row of a kind's table.
type Hypercall struct {
	Name string
	// Call does the work. Its result goes to the guest's RAX.
	Call func(v *VCPU) int64
}

// NoSuchCall is what an unknown hypercall returns: -ENOSYS of the Xen ABI.
const NoSuchCall = -38
