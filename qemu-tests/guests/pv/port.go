package pv

import "tuco/hypercall"

// UsePorts lets this vCPU's kernel use the I/O ports that its domain has, or takes that back. Package x86 has the
// instructions.
func UsePorts(use bool) {
	arg := hypercall.PhysdevSetIOPL{}
	if use {
		arg.IOPL = 1
	}
	Need("set_iopl", PhysdevOp(hypercall.PHYSDEVOP_set_iopl, &arg))
}
