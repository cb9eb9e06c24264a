package pv

import "tuco/hypercall"

// UsePorts lets this vCPU's kernel use the I/O ports that its domain has, or takes that back.
func UsePorts(use bool) {
	arg := hypercall.PhysdevSetIOPL{}
	if use {
		arg.IOPL = 1
	}
	Need("set_iopl", PhysdevOp(hypercall.PHYSDEVOP_set_iopl, &arg))
}

// In8 reads a byte from a port; see [UsePorts].
func In8(port uint16) uint8

// In16 reads a word from a port.
func In16(port uint16) uint16

// In32 reads a double word from a port.
func In32(port uint16) uint32

// Out8 writes a byte to a port.
func Out8(port uint16, value uint8)

// Out16 writes a word to a port.
func Out16(port uint16, value uint16)

// Out32 writes a double word to a port.
func Out32(port uint16, value uint32)
