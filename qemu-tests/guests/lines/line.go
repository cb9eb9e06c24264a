package lines

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// Interrupt lines of a PC.
const (
	lineSerial = 4 // the hypervisor's console
	lineClock  = 8
	linePower  = 9
)

const (
	self = hypercall.DOMID_SELF
	gsi  = hypercall.MAP_PIRQ_TYPE_GSI
	none = 1 << 20 // a line that no machine has, and a number that no domain has

	anyNumber = -1 // of the hypervisor's choice

	edgeTriggered, levelTriggered = 0, 1
	activeHigh                    = 0
)

func mapPIRQ(domain hypercall.DomID, kind, index, pirq int32) (number int32, result uint64) {
	arg := hypercall.PhysdevMapPIRQ{DomID: domain, Type: kind, Index: index, PIRQ: pirq}
	result = pv.PhysdevOp(hypercall.PHYSDEVOP_map_pirq, &arg)
	return arg.PIRQ, result
}

func unmapPIRQ(domain hypercall.DomID, pirq int32) uint64 {
	return pv.PhysdevOp(hypercall.PHYSDEVOP_unmap_pirq, &hypercall.PhysdevUnmapPIRQ{DomID: domain, PIRQ: pirq})
}

func setupGSI(line int32, triggering, polarity uint8) uint64 {
	arg := hypercall.PhysdevSetupGSI{GSI: line, Triggering: triggering, Polarity: polarity}
	return pv.PhysdevOp(hypercall.PHYSDEVOP_setup_gsi, &arg)
}

func bindPIRQ(pirq uint32) (hypercall.Port, uint64) {
	arg := hypercall.EvtchnBindPIRQ{PIRQ: pirq}
	result := pv.EventOp(hypercall.EVTCHNOP_bind_pirq, &arg)
	return arg.Port, result
}

// eoi says that an interrupt was served.
func eoi(pirq uint32) uint64 {
	return pv.PhysdevOp(hypercall.PHYSDEVOP_eoi, &hypercall.PhysdevEOI{IRQ: pirq})
}

// open maps a line by its own number, and binds it, masked.
func open(line uint32) hypercall.Port {
	_, result := mapPIRQ(self, gsi, int32(line), int32(line))
	pv.Need("map_pirq", result)
	return bind(line)
}

func bind(line uint32) hypercall.Port {
	pv.MaskUpcalls()
	p, result := bindPIRQ(line)
	pv.Need("bind_pirq", result)
	pv.Mask(p)
	return p
}

// shut closes what open has opened. The line stays mapped: Xen does not map one again.
func shut(p hypercall.Port) {
	pv.Close(p)
	pv.Shared().EvtchnMask[p/64] &^= 1 << (p % 64)
	pv.ForgetEvents()
}

// came waits for a port, and takes what came.
func came(p hypercall.Port, wait uint64) bool {
	pv.Need("poll", pv.Poll(pv.Now()+wait, p))
	if !pv.Pending(p) {
		return false
	}
	pv.ClearPending(p)
	return true
}

// wantsEOI tells whether the hypervisor wants to hear when an interrupt was served.
func wantsEOI(t *pv.T, pirq uint32) bool {
	arg := hypercall.PhysdevIRQStatusQuery{IRQ: pirq}
	t.OK("irq_status_query", pv.PhysdevOp(hypercall.PHYSDEVOP_irq_status_query, &arg))
	t.Equal("flags", uint64(arg.Flags)&^hypercall.XENIRQSTAT_needs_eoi, 0)
	return arg.Flags&hypercall.XENIRQSTAT_needs_eoi != 0
}
