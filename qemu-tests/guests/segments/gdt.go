package segments

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// limitOf is the limit of a segment that a selector names, or not ok.
func limitOf(selector uint64) (limit uint64, ok bool)

// loadDS loads DS, and a null selector afterwards.
func loadDS(selector uint64)

// loadSS loads SS, and the flat selector afterwards.
func loadSS(selector uint64)

func requireLimit(t *pv.T, what string, selector, want uint64) {
	limit, ok := limitOf(selector)
	t.Check(ok, "LSL does not know the selector %x", selector)
	t.Equal(what, limit, want)
}

func requireNone(t *pv.T, selector uint64) {
	_, ok := limitOf(selector)
	t.Check(!ok, "LSL knows the selector %x", selector)
}

// flat is the entries that every guest has.
func flat(t *pv.T) {
	for _, s := range [...]uint64{
		hypercall.FLAT_RING3_CS32, hypercall.FLAT_RING3_DS32, hypercall.FLAT_RING3_CS64, hypercall.FLAT_RING3_SS64,
	} {
		requireLimit(t, "limit", s, 0xffff_ffff)
	}
	t.NoTrap("flat data in DS", pv.Catch(func() { loadDS(hypercall.FLAT_RING3_DS32) }))
	t.NoTrap("null in DS", pv.Catch(func() { loadDS(3) }))
}

// makeGDT is a page with some descriptors, read-only.
func makeGDT() uint64 {
	page := pv.AllocPage()
	table := pv.At[[512]uint64](page)
	table[1] = flatData
	table[2] = descriptorOf(0x1000, 0x1233)
	table[7] = flatData &^ presentBit
	table[8] = flatCode64
	table[511] = descriptorOf(0, 0xfffff)
	pv.Protect(page)
	return page
}

func freeGDT(page uint64) {
	pv.Need("set_gdt with nothing", pv.SetGDT(nil, 0))
	pv.Unprotect(page)
	pv.FreePage(page)
}

// frames is set_gdt's list.
var frames [17]hypercall.XenPFN

func setGDT(entries uint64, pages ...uint64) uint64 {
	for i, p := range pages {
		frames[i] = hypercall.XenPFN(pv.MFN(p))
	}
	return pv.SetGDT(&frames[0], entries)
}

func gdt(t *pv.T) {
	page := makeGDT()
	requireNone(t, 1*8|3)
	t.OK("set_gdt", setGDT(512, page))
	requireLimit(t, "flat", 1*8|3, 0xffff_ffff)
	requireLimit(t, "small", 2*8|3, 0x1233)
	requireLimit(t, "last", 511*8|3, 0xfffff)
	requireNone(t, 3*8|3)
	requireNone(t, 512*8|3)
	requireLimit(t, "reserved", hypercall.FLAT_RING3_CS64, 0xffff_ffff)
	t.NoTrap("DS", pv.Catch(func() { loadDS(1*8 | 3) }))
	t.Trapped("DS of an empty entry", pv.Catch(func() { loadDS(3*8 | 3) }), pv.GP, 3*8)
	t.Trapped("DS of an entry that is not present", pv.Catch(func() { loadDS(7*8 | 3) }), pv.NP, 7*8)
	t.Trapped("SS of an entry that is not present", pv.Catch(func() { loadSS(7*8 | 3) }), pv.SS, 7*8)
	t.Trapped("SS of code", pv.Catch(func() { loadSS(8*8 | 3) }), pv.GP, 8*8)
	t.NoTrap("SS", pv.Catch(func() { loadSS(1*8 | 3) }))
	t.Trapped("selector beyond the table's end", pv.Catch(func() { loadDS(0xffff) }), pv.GP, 0xfffc)
	other := makeGDT()
	t.OK("set_gdt with two pages", setGDT(600, page, other))
	requireLimit(t, "in the second page", (512+2)*8|3, 0x1233)
	t.OK("set_gdt with nothing", pv.SetGDT(nil, 0))
	requireNone(t, 1*8|3)
	freeGDT(page)
	freeGDT(other)
}

func gdtRefused(t *pv.T) {
	page := makeGDT()
	t.Errno("too many entries", setGDT(hypercall.FIRST_RESERVED_GDT_ENTRY+1, page), hypercall.EINVAL)
	t.Errno("list that can't be read", pv.SetGDT(pv.At[hypercall.XenPFN](0x1000), 512), hypercall.EFAULT)
	frames[0] = hypercall.XenPFN(hypervisorFrame)
	t.Errno("frame of the hypervisor's", pv.SetGDT(&frames[0], 512), hypercall.EINVAL)
	frames[0] = 1 << 40
	t.Errno("frame that there is not", pv.SetGDT(&frames[0], 512), hypercall.EINVAL)
	t.Errno("frame of a page table", setGDT(512, pv.StartInfo.PTBase), hypercall.EINVAL)
	plain := pv.AllocPage()
	t.Errno("frame that is mapped writable", setGDT(512, plain), hypercall.EINVAL)
	t.Errno("second frame that is mapped writable", setGDT(1024, page, plain), hypercall.EINVAL)
	pv.FreePage(plain)
	freeGDT(page)

	bad := pv.AllocPage()
	pv.At[[512]uint64](bad)[7] = taskState
	pv.Protect(bad)
	t.Errno("descriptor of a task state", setGDT(512, bad), hypercall.EINVAL)
	pv.Unprotect(bad)
	pv.FreePage(bad)
}

// hypervisorFrame is a frame in the middle of the hypervisor's image.
const hypervisorFrame = 0x200

// gdtProtected: a segment table's frame is neither writable nor a page table.
func gdtProtected(t *pv.T) {
	page := makeGDT()
	t.OK("set_gdt", setGDT(512, page))
	writable := pv.MFN(page)*pv.PageSize | pv.RW
	t.Errno("mapping it writable", pv.UpdateVAMapping(page, writable, hypercall.UVMF_INVLPG), hypercall.EBUSY)
	pin := hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_PIN_L1_TABLE, Arg1: pv.MFN(page)}
	t.Errno("pinning it", pv.MMUExtOp(pin), hypercall.EINVAL)
	t.OK("set_gdt with nothing", pv.SetGDT(nil, 0))
	t.OK("mapping it writable afterwards", pv.UpdateVAMapping(page, writable, hypercall.UVMF_INVLPG))
	pv.FreePage(page)
}

// descriptors changes a table that is in use, and a page that is not one.
func descriptors(t *pv.T) {
	page := makeGDT()
	t.OK("set_gdt", setGDT(512, page))
	t.OK("update_descriptor", pv.UpdateDescriptor(pv.Machine(page)+3*8, descriptorOf(0, 0x4321)))
	requireLimit(t, "new", 3*8|3, 0x4321)
	t.OK("update_descriptor with 0", pv.UpdateDescriptor(pv.Machine(page)+3*8, 0))
	requireNone(t, 3*8|3)
	t.OK("update_descriptor that is not present", pv.UpdateDescriptor(pv.Machine(page)+4*8, taskState&^presentBit))
	freeGDT(page)

	plain := pv.AllocPage()
	t.OK("update_descriptor of a page that is mapped writable", pv.UpdateDescriptor(pv.Machine(plain)+8, flatData))
	t.Equal("the word", pv.At[[512]uint64](plain)[1]|accessed, flatData|accessed)
	pv.FreePage(plain)

	// A kernel's descriptors can't have the level 0 here.
	page = pv.AllocPage()
	pv.At[[512]uint64](page)[1] = flatData &^ (3 << levelShift)
	pv.Protect(page)
	t.OK("set_gdt with level 0", setGDT(512, page))
	t.Equal("level in the table", pv.At[[512]uint64](page)[1]>>levelShift&3, 3)
	t.NoTrap("DS of it", pv.Catch(func() { loadDS(1*8 | 3) }))
	t.OK("update_descriptor with level 0", pv.UpdateDescriptor(pv.Machine(page)+2*8, flatCode64&^(3<<levelShift)))
	t.Equal("level in the table", pv.At[[512]uint64](page)[2]>>levelShift&3, 3)
	freeGDT(page)
}

func descriptorsRefused(t *pv.T) {
	page := makeGDT()
	t.OK("set_gdt", setGDT(512, page))
	ma := pv.Machine(page) + 3*8
	for _, c := range [...]struct {
		what           string
		ma, descriptor uint64
	}{
		{"address that is not a multiple of 8", ma + 4, flatData},
		{"task state", ma, taskState},
		{"local descriptor table", ma, localTable},
		{"page table", pv.Machine(pv.StartInfo.PTBase), flatData},
		{"frame of the hypervisor's", hypervisorFrame * pv.PageSize, flatData},
		{"frame that there is not", 1 << 51, flatData},
	} {
		t.Errno(c.what, pv.UpdateDescriptor(c.ma, c.descriptor), hypercall.EINVAL)
	}
	t.Equal("the entry", pv.At[[512]uint64](page)[3], 0)
	freeGDT(page)
}
