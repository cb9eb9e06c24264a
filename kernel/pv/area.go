package pv

import (
	"sync/atomic"
	"unsafe"

	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/layout"
	"tuco/kernel/lock"
	"tuco/kernel/machine"
	"tuco/kernel/pagetype"
	"tuco/kernel/pmm"
)

// The reserved area, as a guest's page tables have it:
//
//	ffff800000000000  +-------------------------------------------+ slot 256
//	                  | machine-to-physical table, to be read     |
//	ffff808000000000  +-------------------------------------------+ slot 257: supervisor only
//	                  | nothing                                   |
//	ffff808000200000  +-------------------------------------------+
//	                  | 64 pages a vCPU:                          | window
//	                  |   0-13  its GDT, the guest's frames       |
//	                  |   14    its GDT, the reserved entries     |
//	                  |   16-31 its LDT, the guest's frames       |
//	                  |   32    the stub's code                   |
//	                  |   33    domain.Stub, with its TSS         | written
//	                  |   34-36 I/O bitmap of domain 0's kernel   |
//	                  |   37    the frame of its vcpu_info        | written
//	                  +-------------------------------------------+
//
// The tables of descriptors are read-only, so that no accessed bit in them is ever written.
const (
	m2pSlot  = 256 - pagetype.FirstSlot
	areaSlot = 257 - pagetype.FirstSlot

	area    frame.VAddr = 0xffff_8080_0000_0000
	windows             = area + frame.LargePageSize

	windowsPerTable = pagetype.Entries / domain.AreaPages

	reservedPage = hypercall.FIRST_RESERVED_GDT_PAGE
	ldtPage      = 16
	codePage     = 32
	stubPage     = codePage + 1
	bitmapPage   = stubPage + 1
	infoPage     = bitmapPage + bitmapPages
)

// Flags of entries in the area's tables: for the supervisor. Whether a page can be
// written to is the lowest table's affair.
const (
	areaTable   = pagetype.Present | pagetype.Accessed | pagetype.RW
	areaCode    = pagetype.Present | pagetype.Accessed
	areaData    = pagetype.Present | pagetype.Accessed | pagetype.NoExecute
	areaWritten = areaData | pagetype.RW | pagetype.Dirty
	m2pTable    = pagetype.Present | pagetype.Accessed | pagetype.User
	m2pPage     = m2pTable | pagetype.Large | pagetype.NoExecute
)

// common is what all domains share of the area. Constant after Start.
var common struct {
	m2p      frame.MFN // L3 of slot 256
	code     frame.MFN // of the stub
	reserved frame.MFN // reserved page of every GDT
	empty    frame.MFN // a page of a GDT with no descriptors
	bitmap   [bitmapPages]frame.MFN
}

// emptyGDT is the entry for a page of a GDT that the guest has not set: to the
// processor its descriptors are there, and empty.
func emptyGDT() uint64 { return uint64(pagetype.MakePTE(common.empty, areaData)) }

// Start makes what all domains share. Once, when RAM works. code is the stub's, as
// stub.S has it; whether it is more than a gate, use says. False: no memory.
func Start(h *lock.Holder, code []byte, use bool) bool {
	findLastLeaves()
	var m [4 + bitmapPages]frame.MFN
	for i := range m {
		f, ok := newFrame(h)
		if !ok {
			return false
		}
		m[i] = f
	}
	common.m2p, common.code, common.reserved, common.empty = m[0], m[1], m[2], m[3]
	common.bitmap = [bitmapPages]frame.MFN(m[4:])
	buildReserved(machine.Types.Table(common.reserved))
	writeStub(layout.Bytes(common.code.Addr(), frame.PageSize), code, use)
	fillBitmap(domain0Ports[:])
	return buildM2P(h)
}

// buildM2P maps the machine-to-physical table.
func buildM2P(h *lock.Holder) bool {
	start, blocks := machine.M2PFrames()
	l3 := machine.Types.Table(common.m2p)
	var l2 *pagetype.Table
	for b := range blocks {
		if b%pagetype.Entries == 0 {
			f, ok := newFrame(h)
			if !ok {
				return false
			}
			l3[b/pagetype.Entries].Store(uint64(pagetype.MakePTE(f, m2pTable)))
			l2 = machine.Types.Table(f)
		}
		at := start + frame.MFN(b*frame.LargePageSize/frame.PageSize)
		l2[b%pagetype.Entries].Store(uint64(pagetype.MakePTE(at, m2pPage)))
	}
	return true
}

func newFrame(h *lock.Holder) (frame.MFN, bool) {
	m, r := machine.RAM.Alloc(h, 0, pmm.Anywhere)
	return m, r == pmm.OK
}

// Flat descriptors. The order is the ABI's.
const (
	flatCode32 = 0x00cf_fb00_0000_ffff
	flatData   = 0x00cf_f300_0000_ffff
	flatCode64 = 0x00af_fb00_0000_ffff
	gateCode   = 0x00af_9b00_0000_ffff
	gateData   = 0x00cf_9300_0000_ffff
)

// buildReserved fills the entries that every guest's GDT ends with.
func buildReserved(t *pagetype.Table) {
	const first = hypercall.FIRST_RESERVED_GDT_ENTRY
	for _, e := range [...]struct {
		selector uint16
		value    uint64
	}{
		{gateCS, gateCode}, {gateSS, gateData},
		{hypercall.FLAT_RING3_CS32, flatCode32}, {hypercall.FLAT_RING3_DS32, flatData},
		{hypercall.FLAT_RING3_CS64, flatCode64},
	} {
		t[int(e.selector>>3)-first].Store(e.value)
	}
}

// gdtLimit covers the reserved entries too: whatever the guest's own table has
// below them is told by its pages.
const gdtLimit = hypercall.FIRST_RESERVED_GDT_BYTE + 8*8 - 1

// Area is the tables of a domain's windows: the L3, the L2, and an L1 for windowsPerTable
// vCPUs each.
type Area struct {
	tables [firstLower + domain.MaxVCPUs/windowsPerTable]frame.MFN
}

// Which of an area's tables is which.
const (
	upper = iota
	middle
	firstLower
)

// Make makes the slots of a domain with so many vCPUs. False: there is no memory.
func (a *Area) Make(h *lock.Holder, vcpus int, slots *[pagetype.Slots]pagetype.PTE) bool {
	a.tables = [len(a.tables)]frame.MFN{}
	lower := (vcpus + windowsPerTable - 1) / windowsPerTable
	list := a.tables[:firstLower+lower]
	if machine.RAM.AllocFrames(h, list, pmm.Anywhere) != len(list) {
		a.Free(h)
		return false
	}
	t := machine.Types.Table(a.tables[upper])
	t[0].Store(uint64(pagetype.MakePTE(a.tables[middle], areaTable)))
	t = machine.Types.Table(a.tables[middle])
	for n := range lower {
		t[1+n].Store(uint64(pagetype.MakePTE(a.tables[firstLower+n], areaTable)))
	}
	slots[m2pSlot] = pagetype.MakePTE(common.m2p, m2pTable)
	slots[areaSlot] = pagetype.MakePTE(a.tables[upper], areaTable)
	return true
}

// Free gives back what Make took.
func (a *Area) Free(h *lock.Holder) {
	freeFrames(h, a.tables[:])
	a.tables = [len(a.tables)]frame.MFN{}
}

// window gives a vCPU its part of the area.
func (a *Area) window(v *domain.VCPU) {
	n := int(v.ID)
	table := machine.Types.Table(a.tables[firstLower+n/windowsPerTable])
	from := n % windowsPerTable * domain.AreaPages
	v.PV.Window = (*[domain.AreaPages]atomic.Uint64)(unsafe.Pointer(&table[from]))
	v.PV.Area = windows + frame.VAddr(n*domain.AreaPages*frame.PageSize)
	for n := range domain.GDTPages {
		v.PV.Window[n].Store(emptyGDT())
	}
	v.PV.Window[reservedPage].Store(uint64(pagetype.MakePTE(common.reserved, areaData)))
	v.PV.Window[codePage].Store(uint64(pagetype.MakePTE(common.code, areaCode)))
	v.PV.Window[stubPage].Store(uint64(pagetype.MakePTE(v.PV.Frames[stubFrame], areaWritten)))
	for n, m := range common.bitmap {
		v.PV.Window[bitmapPage+n].Store(uint64(pagetype.MakePTE(m, areaData)))
	}
	v.PV.Gate = uint64(at(v, codePage)) + callLength
}

// at is where a page of a vCPU's window appears.
func at(v *domain.VCPU, page int) frame.VAddr { return v.PV.Area + frame.VAddr(page*frame.PageSize) }

// infoAt is the machine address of a vCPU's vcpu_info, which is in the shared page of its
// domain, or in a frame that the guest has named and there is a reference to.
func infoAt(v *domain.VCPU) frame.MAddr {
	return layout.Machine(frame.VAddr(uintptr(unsafe.Pointer(v.Upcalls))))
}
