package segments

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

func setLDT(va, entries uint64) uint64 {
	return pv.MMUExtOp(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_SET_LDT, Arg1: va, Arg2: entries})
}

const inLDT = 1 << 2 // of a selector

// ldt has a local table of a page, which becomes a segment table only when it is used.
func ldt(t *pv.T) {
	page := makeGDT() // the same descriptors
	requireNone(t, 1*8|inLDT|3)
	t.OK("SET_LDT", setLDT(page, 512))
	requireLimit(t, "flat", 1*8|inLDT|3, 0xffff_ffff)
	requireLimit(t, "small", 2*8|inLDT|3, 0x1233)
	requireNone(t, 3*8|inLDT|3)
	t.NoTrap("DS", pv.Catch(func() { loadDS(1*8 | inLDT | 3) }))
	t.Errno("mapping it writable", pv.UpdateVAMapping(page, pv.MFN(page)*pv.PageSize|pv.RW, hypercall.UVMF_INVLPG), hypercall.EBUSY)
	t.OK("update_descriptor", pv.UpdateDescriptor(pv.Machine(page)+3*8, descriptorOf(0, 0x4321)))
	requireLimit(t, "new", 3*8|inLDT|3, 0x4321)
	t.OK("SET_LDT with fewer entries", setLDT(page, 2))
	requireLimit(t, "flat", 1*8|inLDT|3, 0xffff_ffff)
	requireNone(t, 2*8|inLDT|3)
	t.OK("SET_LDT with none", setLDT(0, 0))
	requireNone(t, 1*8|inLDT|3)
	pv.Unprotect(page)
	pv.FreePage(page)
}

// ldtRefused has wrong arguments, and pages that can't become segment tables, which shows when they are used.
func ldtRefused(t *pv.T) {
	page := makeGDT()
	t.Errno("address that is not a page's", setLDT(page+8, 512), hypercall.EINVAL)
	t.Errno("too many entries", setLDT(page, 8193), hypercall.EINVAL)
	t.Errno("address that is not canonical", setLDT(0x8000_0000_0000_0000, 1), hypercall.EINVAL)
	t.Errno("address of the hypervisor's", setLDT(hypercall.HYPERVISOR_VIRT_START, 1), hypercall.EINVAL)
	pv.Unprotect(page)
	t.OK("SET_LDT with a page that is mapped writable", setLDT(page, 512))
	requireTableFault(t, page)
	t.OK("SET_LDT with an address where nothing is", setLDT(0x1000, 512))
	requireTableFault(t, 0x1000)
	t.OK("SET_LDT with none", setLDT(0, 0))
	trap := pv.Catch(func() { loadDS(1*8 | inLDT | 3) })
	t.Trapped("DS without a table", trap, pv.GP, 1*8|inLDT)
	pv.FreePage(page)
}

// requireTableFault requires a page fault at the descriptor.
func requireTableFault(t *pv.T, table uint64) {
	trap := pv.Catch(func() { loadDS(1*8 | inLDT | 3) })
	t.Trapped("DS of it", trap, pv.PF, 0)
	t.Equal("cr2", trap.CR2, table+1*8)
}
