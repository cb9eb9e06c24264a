package start

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

func up(v uint64) uint64 { return (v + pv.PageSize - 1) &^ (pv.PageSize - 1) }

// stackEnd is where the first stack ends: a page behind the page tables.
func stackEnd() uint64 {
	return pv.StartInfo.PTBase + pv.StartInfo.NrPTFrames*pv.PageSize + pv.PageSize
}

// p2mIsOwn tells whether the p2m is where the notes ask for it, and not among the rest.
func p2mIsOwn() bool { return pv.StartInfo.MFNList < pv.VirtBase }

// order: the kernel, the ramdisk, the p2m, start_info, but for domain 0 the store's page and the console's, the page
// tables, a stack.
func order(t *pv.T) {
	i := pv.StartInfo
	at := up(pv.ImageEnd())
	if i.ModLen != 0 && i.Flags&hypercall.SIF_MOD_START_PFN == 0 {
		t.Equal("ramdisk", i.ModStart, at)
		at = up(at + i.ModLen)
	}
	if p2mIsOwn() {
		t.Check(i.FirstP2MPFN != 0 && i.NrP2MFrames >= up(8*i.NrPages)/pv.PageSize, "p2m at page %x, %x frames", uint64(i.FirstP2MPFN), i.NrP2MFrames)
	} else {
		t.Equal("p2m", i.MFNList, at)
		at = up(at + 8*i.NrPages)
	}
	t.Equal("start_info", pv.Address(i), at)
	at += pv.PageSize
	if !pv.Domain0() {
		const storeAndConsole = 2
		at += storeAndConsole * pv.PageSize
	}
	t.Equal("page tables", i.PTBase, at)
}

// mapping: all of it is mapped in one stretch, with at least 512 KiB behind the stack, up to a multiple of 4 MiB; nothing
// behind it.
func mapping(t *pv.T) {
	const room, unit = 512 << 10, 4 << 20
	end := uint64(pv.VirtBase)
	for present(end) {
		end += pv.PageSize
	}
	t.Equal("end of the mapping, in 4 MiB", end%unit, 0)
	t.Check(end >= stackEnd()+room && end < stackEnd()+room+unit, "the mapping ends at %x, the stack at %x", end, stackEnd())
	for va := uint64(pv.VirtBase); va < end; va += pv.PageSize {
		e := *pv.Entry(va, 1)
		if pv.EntryMFN(e) != *pv.P2M(pv.PFN(va)) && !given(va) {
			t.Failf("%x is mapped to frame %x, the p2m says %x", va, pv.EntryMFN(e), *pv.P2M(pv.PFN(va)))
		}
		table := va >= pv.StartInfo.PTBase && va < pv.StartInfo.PTBase+pv.StartInfo.NrPTFrames*pv.PageSize
		if e&pv.Write == 0 != table {
			t.Failf("the entry for %x is %x", va, e)
		}
	}
}

// given tells whether a page has become the shared page's address.
func given(va uint64) bool { return va == pv.Address(pv.Shared()) }

// present tells whether something is mapped at an address.
func present(va uint64) bool {
	for level := 4; level > 1; level-- {
		if e := pv.Entry(va, level); e == nil || *e&pv.Present == 0 {
			return false
		}
	}
	return *pv.Entry(va, 1)&pv.Present != 0
}

// tables: the frames of the page tables are those that start_info names, the root first, and it is pinned.
func tables(t *pv.T) {
	first, n := pv.PFN(pv.StartInfo.PTBase), pv.StartInfo.NrPTFrames
	for va := uint64(pv.VirtBase); va < stackEnd(); va += 2 << 20 {
		for level := 4; level > 1; level-- {
			pfn := pv.M2P(pv.EntryMFN(*pv.Entry(va, level)))
			t.Check(pfn > first && pfn < first+n, "a table for %x is page %x, not of %x and following", va, pfn, first)
		}
	}
	pin := hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_PIN_L4_TABLE, Arg1: pv.MFN(pv.StartInfo.PTBase)}
	t.Errno("pinning the root", pv.MMUExtOp(pin), hypercall.EINVAL)
}

// p2m has another frame for each page, and the machine-to-physical table agrees.
func p2m(t *pv.T) {
	t.Equal("p2m", pv.StartInfo.MFNList, pv.Number("p2m=", pv.StartInfo.MFNList))
	last := pv.MemoryOp[byte](hypercall.XENMEM_maximum_ram_page, nil)
	for pfn := range pv.StartInfo.NrPages {
		mfn := *pv.P2M(pfn)
		if mfn > last || pv.M2P(mfn) != pfn {
			t.Failf("page %x has frame %x, which is page %x", pfn, mfn, pv.M2P(min(mfn, last)))
			return
		}
	}
}

// ramdisk: byte i is 7·i.
func ramdisk(t *pv.T) {
	size := pv.Number("ramdisk=", 0)
	t.Equal("size", pv.StartInfo.ModLen, size)
	if size == 0 {
		return
	}
	at := pv.StartInfo.ModStart
	byPFN := pv.StartInfo.Flags&hypercall.SIF_MOD_START_PFN != 0
	t.Check(byPFN == p2mIsOwn(), "the flags are %x", uint64(pv.StartInfo.Flags))
	window := pv.AllocPage()
	for offset := uint64(0); offset < size; offset += pv.PageSize {
		page := at + offset
		if byPFN {
			page = window
			pv.Need("mapping", pv.UpdateVAMapping(page, *pv.P2M(at + offset/pv.PageSize)*pv.PageSize|pv.RO, hypercall.UVMF_INVLPG))
		}
		for i := range min(pv.PageSize, size-offset) {
			if got := *pv.At[byte](page + i); got != byte(7*(offset+i)) {
				t.Failf("byte %x is %x", offset+i, uint64(got))
				return
			}
		}
	}
	pv.Unprotect(window)
	pv.FreePage(window)
}
