package pv

import (
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/guestmem"
	"tuco/kernel/lock"
	"tuco/kernel/machine"
	"tuco/kernel/mm"
	"tuco/kernel/pagetype"
)

// guestAddress tells whether an address is none of the reserved area's.
func guestAddress(a frame.VAddr) bool { return !a.Canonical() || guestmem.Usable(a) }

// SetGDT gives a vCPU, which is on this CPU or on none, a descriptor table of these frames, for so many
// entries. References to the new frames are taken before those to the old are
// given back. If the result is to be continued, nothing has changed.
func SetGDT(h *lock.Holder, v *domain.VCPU, frames *[domain.GDTPages]frame.MFN, entries uint32) pagetype.Result {
	p := &v.PV
	pages := int(entries+pagetype.Entries-1) / pagetype.Entries
	var c mm.Call
	for n := range pages {
		machine.Begin(h, v.Domain, &c)
		r := v.Domain.Memory.GetDescriptors(&c, frames[n])
		if r != pagetype.OK {
			putDescriptors(h, v, frames[:n])
			if machine.Settle(h, v.Domain, &c, r) {
				return pagetype.Again
			}
			return r
		}
		machine.FreeFrames(h, &c)
	}
	old, oldPages := p.GDTFrames, int(p.GDTEntries+pagetype.Entries-1)/pagetype.Entries
	for n := range domain.GDTPages {
		e := emptyGDT()
		if n < pages {
			p.GDTFrames[n] = frames[n]
			e = uint64(pagetype.MakePTE(frames[n], areaData))
		}
		p.Window[n].Store(e)
	}
	p.GDTEntries = entries
	machine.FlushSelf(v)
	putDescriptors(h, v, old[:oldPages])
	return pagetype.OK
}

// putDescriptors gives back frames that no processor has in a table any more.
func putDescriptors(h *lock.Holder, v *domain.VCPU, frames []frame.MFN) {
	for _, m := range frames {
		var c mm.Call
		machine.Begin(h, v.Domain, &c)
		v.Domain.Memory.PutDescriptors(&c, m)
		machine.FreeFrames(h, &c)
	}
}

// SetLDT gives the vCPU a local descriptor table at an address of the guest's,
// which mm.CheckLDT has approved. Its pages are looked at when they are used.
func SetLDT(v *domain.VCPU, base frame.VAddr, entries uint32) {
	p := &v.PV
	DropLDT(v.Holder(), v)
	p.LDTBase, p.LDTEntries = base, entries
	setLDTR(v)
}

func setLDTR(v *domain.VCPU) {
	p := &v.PV
	s := exit.Segment{}
	if p.LDTEntries != 0 {
		s = exit.Segment{
			Selector: ldtSelector, Base: uint64(p.Area) + ldtPage*frame.PageSize, Limit: p.LDTEntries*8 - 1,
			Attr: exit.SegmentPresent | exit.SegmentLDT,
		}
	}
	v.Container.SetSegment(exit.LDTR, s)
}

// ldtSelector is any: LDTR is never loaded from a table.
const ldtSelector = 0xe038

// DropLDT gives back the frames of the local descriptor table that were used. They
// are found anew when they are used again.
func DropLDT(h *lock.Holder, v *domain.VCPU) {
	p := &v.PV
	flushed := false
	for n := range p.LDTFrames {
		m := p.LDTFrames[n]
		if m == frame.NoMFN {
			continue
		}
		p.LDTFrames[n] = frame.NoMFN
		p.Window[ldtPage+n].Store(0)
		if !flushed {
			flushed = true
			for k := n + 1; k < len(p.LDTFrames); k++ {
				p.Window[ldtPage+k].Store(0)
			}
			machine.FlushSelf(v)
		}
		putDescriptors(h, v, []frame.MFN{m})
	}
}

// mapLDT makes a page of the local descriptor table usable: the frame that the
// guest's kernel maps there, if it holds descriptors that a guest may have. If the
// result is Again it has to be called again, after other work got its turn.
func mapLDT(v *domain.VCPU, n int) pagetype.Result {
	p := &v.PV
	e, ok := v.KernelMemory.Entry(p.LDTBase + frame.VAddr(n)<<frame.PageShift)
	if !ok || e&pagetype.Present == 0 {
		return pagetype.NotMapped
	}
	var c mm.Call
	machine.Begin(v.Holder(), v.Domain, &c)
	r := v.Domain.Memory.GetDescriptors(&c, e.MFN())
	if machine.Settle(v.Holder(), v.Domain, &c, r) {
		return pagetype.Again
	}
	if r != pagetype.OK {
		return r
	}
	p.LDTFrames[n] = e.MFN()
	p.Window[ldtPage+n].Store(uint64(pagetype.MakePTE(e.MFN(), areaData)))
	return pagetype.OK
}

// DropTables gives back all descriptor tables of a vCPU that will not run
// again, or not before it gets new ones. It is on no CPU.
func DropTables(h *lock.Holder, v *domain.VCPU) {
	p := &v.PV
	pages := int(p.GDTEntries+pagetype.Entries-1) / pagetype.Entries
	for n := range domain.GDTPages {
		p.Window[n].Store(emptyGDT())
	}
	p.GDTEntries = 0
	putDescriptors(h, v, p.GDTFrames[:pages])
	DropLDT(h, v)
}
