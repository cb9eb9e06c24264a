package mm

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// requireWritable requires a page to be mappable read-write, or not, and leaves it mapped read-only.
func requireWritable(t *pv.T, what string, page uint64, writable bool) {
	want := hypercall.EBUSY
	if writable {
		want = 0
	}
	t.Errno(what, pv.MapPage(page, pv.RW), want)
	pv.Protect(page)
}

// types goes through the uses of a page: none excludes reading, and one only at a time is more than that.
func types(t *pv.T) {
	var r pv.Space
	r.Install(slot)
	page := pv.AllocPage()
	for level := 1; level <= 4; level++ {
		pv.Unprotect(page)
		t.Errno("pin a page that is mapped writable", pv.TryPin(page, level), hypercall.EINVAL)
		pv.Need("map elsewhere", r.Set(0, pv.PageEntry(page, pv.RW)))
		pv.Protect(page)
		t.Errno("pin a page that is mapped writable elsewhere", pv.TryPin(page, level), hypercall.EINVAL)
		pv.Need("unmap", r.Set(0, 0))
		t.OK("pin a page that is mapped read-only", pv.TryPin(page, level))
		requireWritable(t, "a pinned table, writable", page, false)
		t.Errno("a pinned table, writable elsewhere", r.Set(0, pv.PageEntry(page, pv.RW)), hypercall.EBUSY)
		t.OK("a pinned table, read-only elsewhere", r.Set(0, pv.PageEntry(page, pv.RO)))
		for other := 1; other <= 4; other++ {
			t.Errno("pin again", pv.TryPin(page, other), hypercall.EINVAL)
		}
		t.OK("unpin", pv.TryUnpin(page))
		t.Errno("unpin again", pv.TryUnpin(page), hypercall.EINVAL)
		requireWritable(t, "a page that was a table, writable", page, true)
		pv.Need("unmap", r.Set(0, 0))
	}
	pv.Unprotect(page)
	pv.FreePage(page)
	r.Remove()
}

// gdtPage makes a page one of descriptors.
func gdtPage(t *pv.T) {
	page := pv.AllocPage()
	frame := pv.MFN(page)
	setGDT := func(entries uint64) uint64 {
		return pv.Call(hypercall.HYPERVISOR_set_gdt, pv.Address(&frame), entries, 0, 0, 0)
	}
	t.Errno("a page that is mapped writable", setGDT(512), hypercall.EINVAL)
	pv.Protect(page)
	t.OK("a page that is mapped read-only", setGDT(512))
	requireWritable(t, "a page of descriptors, writable", page, false)
	t.Errno("pin a page of descriptors", pv.TryPin(page, 1), hypercall.EINVAL)
	t.OK("none", setGDT(0))
	requireWritable(t, "a page that had descriptors, writable", page, true)
	pv.Unprotect(page)
	pv.FreePage(page)
}
