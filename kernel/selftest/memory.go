package selftest

import (
	"tuco/kernel/container"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/layout"
)

// A guest has a block of frames in a row. With nested paging frame i of the
// block is at guest-physical i*4096, with direct paging it goes by its machine
// address. It appears at base + i*4096 in the guest's own address space, as
// far as the guest is to see it.
const (
	pageRoot     = iota // the guest's page tables
	pageL3              //
	pageL2              //
	pageL1              //
	pageGDT             // descriptor table, and the task state segment
	pageStack           //
	pageData            // words shared with guest.S
	pageNestedL4        // the nested tables
	pageNestedL3        //
	pageNestedL2        //
	pageNestedL1        //
	pageControl         // the vCPU's control block
	pageExtended        // its vector state
	pageIDT             // interrupt table; for a paravirtual guest the trampoline
	pageLazy            // mapped when the guest touches it
	pageRemapped        // another frame takes its place
	pageCode            // the guest's code, to pageSpoil
	pageSpoil    = 31   // vector state that spoils the guest's

	blockOrder = 5
)

// The addresses that guest.S knows.
const (
	base     = 0x40_0000
	codeAt   = base + pageCode*frame.PageSize
	stackTop = base + (pageStack+1)*frame.PageSize
	lazyAt   = base + pageLazy*frame.PageSize
)

// The words that guest.S looks for in the pages that change.
const (
	wordLazy     = 0x6f637574
	wordRemapped = 0x01d
)

// Bits of the guest's own page table entries.
const (
	ptePresent  = 1 << 0
	pteWrite    = 1 << 1
	pteUser     = 1 << 2
	pteAccessed = 1 << 5
	pteDirty    = 1 << 6
)

// Where base has its entries in the guest's tables; in the last, page i has entry i.
const l4Index, l3Index, l2Index = 0, 0, base >> frame.LargePageShift

// Words in pageData, by their index.
const (
	dataFlag = iota
	dataVector
	dataCode
	dataAddress
	dataResume

	dataSoft      = 14
	dataLength    = 15
	dataStatus    = 16
	dataPlace     = 17
	dataHasBases  = 19
	dataHasXSAVE  = 20
	dataHasBreaks = 21
)

// Selectors of the guest.
const (
	selectorCode = 0x08
	selectorData = 0x10
	selectorTSS  = 0x18
	tssOffset    = 0x800 // in pageGDT
	tssLimit     = 0x67
)

// Header of the guest's image: offsets.
const (
	headerEntry       = 0
	headerFixups      = 4
	headerFixupsEnd   = 8
	headerParavirtual = 12
	headerTrampoline  = 16
)

// page is a frame of the block.
func (g *guest) page(i int) frame.MFN { return g.block + frame.MFN(i) }

// words is a frame of the block as memory.
func (g *guest) words(i int) *[frame.PageSize / 8]uint64 {
	return (*[frame.PageSize / 8]uint64)(layout.Pointer(layout.Direct(g.page(i).Addr())))
}

// address is what the guest calls a frame of the block in its page tables.
func (g *guest) address(i int) uint64 {
	if g.way == nested {
		return uint64(i) * frame.PageSize
	}
	return uint64(g.page(i).Addr())
}

// build fills in the block, which may hold an earlier guest, and returns the
// address of the first instruction.
func (g *guest) build() (entry uint64) {
	clear(layout.Bytes(g.block.Addr(), frame.PageSize<<blockOrder))
	g.words(pageRoot)[l4Index] = g.address(pageL3) | ptePresent | pteWrite
	g.words(pageL3)[l3Index] = g.address(pageL2) | ptePresent | pteWrite
	g.words(pageL2)[l2Index] = g.address(pageL1) | ptePresent | pteWrite
	l1 := g.words(pageL1)
	for _, i := range [...]int{pageGDT, pageStack, pageData, pageIDT, pageRemapped} {
		l1[i] = g.address(i) | ptePresent | pteWrite
	}
	for i := pageCode; i < pageSpoil; i++ {
		l1[i] = g.address(i) | ptePresent
	}
	if g.way == nested {
		g.buildNested()
	}
	gdt := g.words(pageGDT)
	gdt[selectorCode/8] = 0x00af9b000000ffff
	gdt[selectorData/8] = 0x00cf93000000ffff
	g.words(pageLazy)[0] = wordLazy
	g.words(pageRemapped)[0] = wordRemapped
	g.buildSpoil()
	return g.copyCode()
}

// leadsTo says whether the guest's tables lead from a linear address to the
// frame that build meant it for.
func (g *guest) leadsTo(linear uint64) bool {
	const mayDiffer = pteWrite | pteAccessed | pteDirty
	at := linear - base
	if at >= pageSpoil*frame.PageSize {
		return false
	}
	page := int(at / frame.PageSize)
	for _, step := range [...]struct {
		table, index, next int
	}{{pageRoot, l4Index, pageL3}, {pageL3, l3Index, pageL2}, {pageL2, l2Index, pageL1}, {pageL1, page, page}} {
		if g.words(step.table)[step.index]&^mayDiffer != g.address(step.next)|ptePresent {
			return false
		}
	}
	return true
}

// buildNested makes the nested tables, in which pageLazy is missing.
func (g *guest) buildNested() {
	g.words(pageNestedL4)[0] = container.NestedTable(g.page(pageNestedL3))
	g.words(pageNestedL3)[0] = container.NestedTable(g.page(pageNestedL2))
	g.words(pageNestedL2)[0] = container.NestedTable(g.page(pageNestedL1))
	nested := g.words(pageNestedL1)
	for i := range pageSpoil {
		switch {
		case i >= pageCode:
			nested[i] = container.NestedPage(g.page(i), container.Read|container.Execute)
		case i != pageLazy && i != pageControl && (i < pageNestedL4 || i > pageNestedL1):
			nested[i] = container.NestedPage(g.page(i), container.Read|container.Write)
		}
	}
}

// copyCode brings the image to its place and changes AMD's hypercall
// instruction to Intel's where that is what the processor has.
func (g *guest) copyCode() (entry uint64) {
	code := layout.Bytes(g.page(pageCode).Addr(), (pageSpoil-pageCode)*frame.PageSize)
	copy(code, image)
	if container.Current() == container.Intel {
		const lastByteAMD, lastByteIntel = 0xd9, 0xc1
		for at := word(code, headerFixups); at < word(code, headerFixupsEnd); at += 4 {
			last := &code[word(code, int(at))+2]
			if *last == lastByteAMD {
				*last = lastByteIntel
			}
		}
	}
	at := headerEntry
	if g.way == paravirtual {
		at = headerParavirtual
	}
	return codeAt + uint64(word(code, at))
}

// word is 32 bits of the guest's image.
func word(b []byte, at int) uint32 {
	return uint32(b[at]) | uint32(b[at+1])<<8 | uint32(b[at+2])<<16 | uint32(b[at+3])<<24
}

// fetch reads the guest's code.
func fetch(g *guest, rip uint64) exit.Code {
	var c exit.Code
	code := layout.Bytes(g.page(pageCode).Addr(), (pageSpoil-pageCode)*frame.PageSize)
	if at := rip - codeAt; at < uint64(len(code)) {
		c.N = uint8(copy(c.Bytes[:], code[at:]))
	}
	return c
}
