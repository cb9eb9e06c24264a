package main

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// random is where numbers come from: the same for the same seed. Each is a step of a Weyl sequence, mixed (SplitMix64).
type random uint64

func (r *random) next() uint64 {
	*r += 0x9e37_79b9_7f4a_7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58_476d_1ce4_e5b9
	z = (z ^ z>>27) * 0x94d0_49bb_1331_11eb
	return z ^ z>>31
}

// below is a number from 0 to n-1.
func (r *random) below(n uint64) uint64 { return r.next() % n }

// oneIn is true in one of n cases.
func (r *random) oneIn(n uint64) bool { return r.below(n) == 0 }

// edges are numbers at which something begins or ends.
var edges = [...]uint64{
	0, 1, 2, 3, 31, 32, 63, 64, 127, 128, 255, 256, 511, 512, 4095, 4096, 1<<15 - 1, 1 << 16, 1<<31 - 1, 1 << 31, 1<<32 - 1,
	1 << 32, 1 << 40, 1<<47 - 1, 1 << 47, 1 << 52, 1<<63 - 1, 1 << 63, ^uint64(0) - 4095, ^uint64(0) - 7, ^uint64(0),
	hypercall.HYPERVISOR_VIRT_START, hypercall.HYPERVISOR_VIRT_START - 1, hypercall.HYPERVISOR_VIRT_END,
	uint64(hypercall.DOMID_SELF), uint64(hypercall.DOMID_IO), uint64(hypercall.DOMID_XEN), uint64(hypercall.DOMID_INVALID),
}

// value is any number, more often one that may mean something.
func (r *fuzzer) value() uint64 {
	switch r.below(8) {
	case 0, 1:
		return r.below(16)
	case 2:
		return edges[r.below(uint64(len(edges)))]
	case 3:
		return r.frame()
	case 4:
		return r.frame()*pv.PageSize | r.below(pv.PageSize)
	case 5:
		return r.pointer()
	case 6:
		return r.next() >> r.below(64)
	}
	return r.next()
}

// domain is a domain's number, mostly the caller's own name.
func (r *fuzzer) domain() hypercall.DomID {
	if r.oneIn(4) {
		return hypercall.DomID(r.value())
	}
	return hypercall.DOMID_SELF
}
