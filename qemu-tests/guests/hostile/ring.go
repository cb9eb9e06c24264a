package main

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// tucoOp registers rings in the area's first pages, which all vCPUs share, puts entries there, and lies about them. What is in other
// frames, and would be taken for entries, may cost a guest its own memory: only a reckless one has a ring there.
func tucoOp(r *fuzzer, a *arguments) {
	if r.oneIn(8) {
		if !reckless && uint32(a[0]) == hypercall.TUCOOP_ring_register {
			a[1] = r.badAddress()
		}
		return
	}
	shared := pv.At[hypercall.TucoRing](area.VA)
	for range r.below(8) {
		n := shared.Prod
		*pv.At[hypercall.MMUUpdate](area.VA + pv.PageSize + n%hypercall.TucoRingSlots*16) = r.hanging()
		shared.Prod = n + 1
	}
	switch r.below(16) {
	case 0:
		shared.Prod += r.below(2*hypercall.TucoRingSlots) - hypercall.TucoRingSlots/2
	case 1:
		shared.Prod = r.value()
	}
	arg := pv.At[hypercall.TucoRingRegister](pv.Address(&r.buffer))
	*arg = hypercall.TucoRingRegister{NrFrames: uint32(2 + r.below(2))}
	for i := range arg.Frames {
		arg.Frames[i] = hypercall.XenPFN(pv.SpareFrame(spares + uint64(i)%edgePages))
		if r.oneIn(32) {
			arg.Frames[i] = hypercall.XenPFN(r.foreignFrame())
		}
	}
	switch r.below(8) {
	case 0, 1, 2, 3:
		*a = arguments{hypercall.TUCOOP_ring_register, pv.Address(arg)}
	case 4:
		*a = arguments{hypercall.TUCOOP_ring_unregister}
	default:
		*a = arguments{hypercall.TUCOOP_ring_kick, r.below(5)}
	}
}

// foreignFrame is one that can't be a ring's; in a reckless guest, any.
func (r *fuzzer) foreignFrame() uint64 {
	if reckless {
		return r.frame()
	}
	return [...]uint64{0, 0x200, 0xfee00, 0xfec00, 1 << 28, 1<<40 - 1, 1<<52 - 1, ^uint64(0)}[r.below(8)]
}
