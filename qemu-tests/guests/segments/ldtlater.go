package segments

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// ldtLater uses a local table for the first time when the hypervisor has a lot to do that comes first: tables that were just
// unpinned are still being taken apart. That takes its time, and is no fault.
func ldtLater(t *pv.T) {
	var b bulk
	b.make()
	page := makeGDT()
	use := func() {
		t.OK("SET_LDT", setLDT(page, 512))
		t.OK("pin", pv.TryPin(b.l2, 2))
		t.OK("unpin", pv.TryUnpin(b.l2))
	}
	const selector = 1*8 | inLDT | 3
	use()
	t.NoTrap("DS", pv.Catch(func() { loadDS(selector) }))
	var u pv.User
	u.Start(userSelectors)
	u.Iret.SS = selector
	use()
	trap := u.Run()
	t.Trapped("user mode with SS", trap, pv.Syscall64, 0)
	use()
	t.OK("GS of user mode", pv.SetSegmentBase(hypercall.SEGBASE_GS_USER_SEL, selector))
	u.Start(userSelectors)
	t.Trapped("user mode with GS", u.Run(), pv.Syscall64, 0)
	t.Equal("GS", u.R9&0xffff, selector)
	t.OK("GS of user mode", pv.SetSegmentBase(hypercall.SEGBASE_GS_USER_SEL, 0))
	t.OK("SET_LDT with none", setLDT(0, 0))
	pv.Unprotect(page)
	pv.FreePage(page)
	b.free()
}

// bulk is an L2 with so many full L1s below it that no hypercall takes them apart in one step.
type bulk struct {
	l2, data uint64
	l1       [24]uint64
}

func (b *bulk) make() {
	b.l2, b.data = pv.AllocPage(), pv.AllocPage()
	for i := range b.l1 {
		page := pv.AllocPage()
		for k := range uint64(512) {
			*pv.At[uint64](page + 8*k) = pv.PageEntry(b.data, pv.RO)
		}
		*pv.At[uint64](b.l2 + 8*uint64(i)) = pv.PageEntry(page, pv.RW)
		pv.Protect(page)
		b.l1[i] = page
	}
	pv.Protect(b.l2)
}

func (b *bulk) free() {
	for _, page := range b.l1 {
		pv.Unprotect(page)
		pv.FreePage(page)
	}
	pv.Unprotect(b.l2)
	pv.FreePage(b.l2)
	pv.FreePage(b.data)
}
