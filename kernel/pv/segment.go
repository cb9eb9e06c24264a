package pv

import (
	"tuco/hypercall"
	"tuco/kernel/container"
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
	"tuco/kernel/pagetype"
	"tuco/kernel/x86"
)

// Attributes of the flat segments.
const (
	code64 = exit.FlatCode64
	code32 = exit.FlatCode32
	data   = exit.FlatData
)

const noLimit = exit.NoLimit

// setFlat loads a flat segment without a look at any table.
func setFlat(c *container.Container, r exit.SegmentRegister, selector uint16, attr exit.SegmentAttr) {
	c.SetSegment(r, exit.Segment{Selector: selector, Attr: attr, Limit: noLimit})
}

// Bits of a selector.
const (
	selectorRPL = 3
	selectorTI  = 4 // it is in the LDT
)

// Ready makes it possible to look at what a selector names, if that is in a page of
// the LDT that has not been used yet. False: it is to be called again, after other
// work got its turn.
func Ready(v *domain.VCPU, selector uint16) bool {
	n := uint32(selector >> 3)
	p := &v.PV
	return selector&selectorTI == 0 || n >= p.LDTEntries || p.LDTFrames[n>>9&(domain.LDTPages-1)] != frame.NoMFN ||
		mapLDT(v, int(n>>9)) != pagetype.Again
}

// descriptor finds what a selector of the guest's names. False: nothing that
// is mapped. A page of the LDT that would take longer counts as one that is not; see
// Ready.
func descriptor(v *domain.VCPU, selector uint16) (uint64, bool) {
	n := int(selector >> 3)
	p := &v.PV
	if selector&selectorTI != 0 {
		if uint32(n) >= p.LDTEntries {
			return 0, false
		}
		if p.LDTFrames[n>>9&(domain.LDTPages-1)] == frame.NoMFN && mapLDT(v, n>>9) != pagetype.OK {
			return 0, false
		}
		return machine.Types.Table(p.LDTFrames[n>>9&(domain.LDTPages-1)])[n&(pagetype.Entries-1)].Load(), true
	}
	if n >= hypercall.FIRST_RESERVED_GDT_ENTRY {
		if selector|7 > gdtLimit {
			return 0, false
		}
		return machine.Types.Table(common.reserved)[n&(pagetype.Entries-1)].Load(), true
	}
	if uint32(n) >= p.GDTEntries {
		return 0, false
	}
	return machine.Types.Table(p.GDTFrames[n>>9])[n&(pagetype.Entries-1)].Load(), true
}

// Bits of a descriptor. APM vol. 2, "Long-Mode Segment Descriptors".
const (
	descriptorWrite   = 1 << 41
	descriptorCode    = 1 << 43
	descriptorMemory  = 1 << 44
	descriptorPresent = 1 << 47
	descriptorLong    = 1 << 53
	descriptorBig     = 1 << 54
	descriptorGran    = 1 << 55
)

// segmentOf is a descriptor as a segment register holds it.
func segmentOf(selector uint16, d uint64) exit.Segment {
	limit := uint32(d&0xffff | d>>32&0xf0000)
	if d&descriptorGran != 0 {
		limit = limit<<12 | 0xfff
	}
	return exit.Segment{
		Selector: selector,
		Attr:     exit.SegmentAttr(d>>40&0xff | d>>44&0xf00),
		Limit:    limit,
		Base:     d>>16&0xff_ffff | d>>32&0xff00_0000,
	}
}

// loadReturn loads CS and SS as a return to CPL 3 does. A return that the processor would
// refuse gets the fault that it would get, as of the state returned to, with the selectors
// as they were asked for. False: that is so.
func loadReturn(v *domain.VCPU, cs, ss uint16) bool {
	if vector, ok := loadCode(v, cs); !ok {
		refuseReturn(v, cs, ss, vector, cs&^selectorRPL)
		return false
	}
	if vector, ok := loadStack(v, ss); !ok {
		refuseReturn(v, cs, ss, vector, ss&^selectorRPL)
		return false
	}
	return true
}

// refuseReturn gives the guest the fault of a return.
func refuseReturn(v *domain.VCPU, cs, ss uint16, vector x86.Vector, code uint16) {
	setFlat(&v.Container, exit.CS, cs, code64)
	setFlat(&v.Container, exit.SS, ss, data)
	bounce(v, vector, uint32(code))
}

// loadCode loads CS as a return to CPL 3 does. False: it would fault, by that vector.
func loadCode(v *domain.VCPU, selector uint16) (fault x86.Vector, ok bool) {
	c := &v.Container
	switch selector {
	case hypercall.FLAT_RING3_CS64:
		setFlat(c, exit.CS, selector, code64)
		return 0, true
	case hypercall.FLAT_RING3_CS32:
		setFlat(c, exit.CS, selector, code32)
		return 0, true
	}
	d, ok := descriptor(v, selector)
	const kind = descriptorMemory | descriptorCode
	if !ok || d&kind != kind || d>>45&3 != 3 || d&(descriptorLong|descriptorBig) == descriptorLong|descriptorBig {
		return x86.VectorGP, false
	}
	if d&descriptorPresent == 0 {
		return x86.VectorNP, false
	}
	c.SetSegment(exit.CS, segmentOf(selector, d))
	return 0, true
}

// loadStack loads SS as a return to CPL 3 does. False: it would fault, by that vector.
func loadStack(v *domain.VCPU, selector uint16) (fault x86.Vector, ok bool) {
	c := &v.Container
	if selector == hypercall.FLAT_RING3_SS64 {
		setFlat(c, exit.SS, selector, data)
		return 0, true
	}
	d, ok := descriptor(v, selector)
	const kind = descriptorMemory | descriptorWrite
	if !ok || d&(kind|descriptorCode) != kind || d>>45&3 != 3 {
		return x86.VectorGP, false
	}
	if d&descriptorPresent == 0 {
		return x86.VectorSS, false
	}
	c.SetSegment(exit.SS, segmentOf(selector, d))
	return 0, true
}

// loadData loads DS, ES, FS or GS. A selector that is null, or that a load would
// fault for, becomes null; false for the latter.
func loadData(v *domain.VCPU, r exit.SegmentRegister, selector uint16) bool {
	c := &v.Container
	if selector&^selectorRPL == 0 {
		c.SetSegment(r, exit.Segment{Selector: selector})
		return true
	}
	d, ok := descriptor(v, selector)
	if !ok || d&descriptorMemory == 0 || d&descriptorPresent == 0 || d>>45&3 != 3 ||
		d&descriptorCode != 0 && d&descriptorWrite == 0 { // code that can't be read
		c.SetSegment(r, exit.Segment{})
		return false
	}
	c.SetSegment(r, segmentOf(selector, d))
	return true
}
