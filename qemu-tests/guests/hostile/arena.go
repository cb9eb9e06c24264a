package main

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// What the guest can lose without losing itself: pages that it does not need, and addresses where they may be mapped.

const (
	arenaSlot = 300 // of the root
	spares    = 200 // frames that are mapped nowhere
	perLevel  = 3   // pages that may be tables of each level
)

var (
	// area is a table of each level, in the root, with entries that come and go; the first pages stay.
	area pv.Space
	// tables are pages that are mapped read-only: whatever is in them, they may become tables.
	tables [4][perLevel]uint64
	// grants is the domain's grant table, and self its number.
	grants *[512]pv.Grant
	self   hypercall.DomID
)

// edge is an address before which there is memory, and behind which there is none.
func edge() uint64 { return area.VA + edgePages*pv.PageSize }

const edgePages = 4

// inArea is a page of the area that may be mapped or not.
func (r *fuzzer) inArea() uint64 { return edge() + (1+r.below(512-edgePages-1))*pv.PageSize }

func makeArena() {
	grants, self = pv.Grants(), pv.DomainID()
	area.Install(arenaSlot)
	for i := range uint64(edgePages) {
		area.Map(area.VA+i*pv.PageSize, pv.FrameEntry(pv.SpareFrame(spares+i), pv.RW))
	}
	for level := range tables {
		for i := range tables[level] {
			page := pv.AllocPage()
			pv.Protect(page)
			tables[level][i] = page
		}
	}
}

// page is one of those that may be tables; in a reckless guest, one of those that are its own.
func (r *fuzzer) page() uint64 {
	if reckless && r.oneIn(64) {
		return pv.StartInfo.PTBase + r.below(pv.StartInfo.NrPTFrames)*pv.PageSize
	}
	return tables[r.below(4)][r.below(perLevel)]
}

// reckless: what the guest needs itself is among the frames to play with.
var reckless bool

// frame is the number of a frame: one to play with, one of another domain's or of the hypervisor's, one that is no RAM.
func (r *fuzzer) frame() uint64 {
	if reckless && r.oneIn(16) {
		return *pv.P2M(r.below(pv.StartInfo.NrPages))
	}
	switch r.below(8) {
	case 0, 1, 2:
		return pv.MFN(r.page())
	case 3, 4, 5:
		return pv.SpareFrame(r.below(spares))
	case 6:
		return r.below(1 << 18)
	}
	return [...]uint64{0, 0x200, 0xfee00, 0xfec00, 1 << 28, 1<<40 - 1, 1<<52 - 1, r.next()}[r.below(8)]
}

// needs tells whether a frame is one of those that the guest was built of, or may be.
func needs(m uint64) bool {
	for p := range pv.SparePFN(0) {
		if *pv.P2M(p) == m && !isTable(m) {
			return true
		}
	}
	return false
}

// isTable tells whether a frame is one of those that may be tables.
func isTable(m uint64) bool {
	for level := range tables {
		for _, page := range tables[level] {
			if pv.MFN(page) == m {
				return true
			}
		}
	}
	return false
}

// entry is an entry of a page table.
func (r *fuzzer) entry() uint64 {
	const flags = pv.Present | pv.Write | pv.UserPage | pv.Accessed | pv.Dirty | pv.Large | pv.Global | pv.Avail | pv.NX
	switch r.below(16) {
	case 0, 1, 2:
		return 0
	case 3, 4, 5, 6:
		return pv.FrameEntry(r.frame(), pv.RW)
	case 7, 8, 9, 10:
		return pv.FrameEntry(r.frame(), pv.RO)
	case 11:
		return pv.StartInfo.SharedInfo | pv.RW
	}
	return r.frame()*pv.PageSize | r.next()&flags
}

// entryAddress is the machine address of an entry to change.
func (r *fuzzer) entryAddress() uint64 {
	switch {
	case r.oneIn(8):
		return r.value()
	case r.oneIn(3):
		return area.EntryAddress(r.inArea())
	}
	return pv.Machine(r.page()) + 8*r.below(512)
}

// pointer is an address, mostly one at which there is something.
func (r *fuzzer) pointer() uint64 {
	switch r.below(12) {
	case 0:
		return r.inBuffer() + r.below(8)
	case 1:
		return edge() - r.below(80)
	case 2:
		return r.badAddress()
	case 3:
		return r.next()
	case 4:
		return r.inBuffer() - 1<<32
	}
	return r.inBuffer()
}

// badAddress is one at which there is nothing.
func (r *fuzzer) badAddress() uint64 { return pv.BadAddresses[r.below(uint64(len(pv.BadAddresses)))] }

func (r *fuzzer) inBuffer() uint64 {
	return pv.Address(&r.buffer) + r.below(uint64(len(r.buffer))/8-512)*8
}

// argument fills a structure with values, and says where it is.
func (r *fuzzer) argument() uint64 {
	at := r.inBuffer() &^ 7
	words := pv.At[[16]uint64](at)
	for i := range words {
		words[i] = r.value()
		switch r.below(4) {
		case 0: // two small ones
			words[i] = r.below(32) | r.below(32)<<32
		case 1:
			words[i] = r.pointer()
		}
	}
	if r.oneIn(16) {
		return r.pointer()
	}
	return at
}

// requests fills a list with requests of mmu_update.
func (r *fuzzer) requests(n uint64) uint64 {
	at := pv.Address(&r.buffer)
	for i := range n {
		u := pv.At[hypercall.MMUUpdate](at + 16*i)
		*u = r.hanging()
		switch r.below(16) {
		case 0, 1:
			*u = hypercall.MMUUpdate{Ptr: r.entryAddress()&^7 | r.below(4), Val: r.entry()}
		case 2:
			if r.oneIn(4) {
				*u = hypercall.MMUUpdate{Ptr: r.value(), Val: r.value()}
			}
		}
	}
	return at
}

// hanging is a request that makes sense, as long as the pages are what they were meant for: it hangs a table into one of the
// next level, maps a frame, or takes one away.
func (r *fuzzer) hanging() hypercall.MMUUpdate {
	const lowerHalf = 256
	level := r.below(4)
	u := hypercall.MMUUpdate{Ptr: pv.Machine(tables[level][r.below(perLevel)]) + 8*r.below(lowerHalf)}
	switch {
	case r.oneIn(4):
	case level > 0:
		u.Val = pv.PageEntry(tables[level-1][r.below(perLevel)], pv.RW)
	default:
		u.Val = pv.FrameEntry(pv.SpareFrame(r.below(spares)), pv.RW&^(r.below(2)*pv.Write))
	}
	return u
}
