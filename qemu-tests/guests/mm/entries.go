package mm

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// entriesL1 tries entries that map a page.
func entriesL1(t *pv.T) {
	var r pv.Space
	r.Install(slot)
	page := pv.AllocPage()
	spare := pv.SpareFrame(0)
	for _, c := range [...]struct {
		what  string
		entry uint64
		err   hypercall.Errno
	}{
		{"read-write", pv.FrameEntry(spare, pv.RW), 0},
		{"read-only", pv.FrameEntry(spare, pv.RO), 0},
		{"not to be executed", pv.FrameEntry(spare, pv.RW|pv.NX), 0},
		{"with bits that are free for software", pv.FrameEntry(spare, pv.RO|pv.Avail), 0},
		{"a page that is mapped elsewhere", pv.PageEntry(page, pv.RW), 0},
		{"a table, read-only", pv.PageEntry(r.Table(1), pv.RO), 0},
		{"the root, read-only", pv.PageEntry(pv.StartInfo.PTBase, pv.RO), 0},
		{"nothing", 0, 0},
		{"nothing, with other bits set", 0xee0, 0},

		{"a table, read-write", pv.PageEntry(r.Table(1), pv.RW), hypercall.EBUSY},
		{"the table's table, read-write", pv.PageEntry(r.Table(2), pv.RW), hypercall.EBUSY},
		{"and that one's", pv.PageEntry(r.Table(3), pv.RW), hypercall.EBUSY},
		{"the root, read-write", pv.PageEntry(pv.StartInfo.PTBase, pv.RW), hypercall.EBUSY},
		{"a frame of the hypervisor, read-only", pv.FrameEntry(hypervisorFrame(), pv.RO), hypercall.EBUSY},
		{"a frame of the hypervisor, read-write", pv.FrameEntry(hypervisorFrame(), pv.RW), hypercall.EBUSY},
		{"local APICs", pv.FrameEntry(apicFrame, pv.RW), hypercall.EPERM},
		{"no frame that the machine could have", pv.FrameEntry(1<<39, pv.RO), hypercall.EPERM},
	} {
		if t.Errno(c.what, r.Set(0, c.entry), c.err) && c.err == 0 {
			t.Equal("entry", r.Entry(0), c.entry)
		}
		pv.Need("unmap", r.Set(0, 0))
		t.Errno(c.what, r.Set(0, c.entry), c.err)
		if c.err != 0 {
			t.Equal("entry after a refusal", r.Entry(0), 0)
		}
		pv.Need("unmap", r.Set(0, 0))
	}

	// The same from an entry that is there, and differs in rights alone.
	pv.Need("map a table", r.Set(0, pv.PageEntry(r.Table(1), pv.RO)))
	t.Errno("more rights for a table", r.Set(0, pv.PageEntry(r.Table(1), pv.RW)), hypercall.EBUSY)
	t.Equal("entry", r.Entry(0), pv.PageEntry(r.Table(1), pv.RO))
	pv.Need("unmap", r.Set(0, 0))
	pv.FreePage(page)
	r.Remove()
}

// entriesUpper tries entries of higher tables.
func entriesUpper(t *pv.T) {
	var r pv.Space
	r.Install(slot)
	empty := pv.AllocPage()
	pv.Protect(empty)
	data := pv.AllocPage()
	for level, table := range [...]uint64{2: r.Table(2), 3: r.Table(3), 4: pv.StartInfo.PTBase} {
		if table == 0 {
			continue
		}
		i := uint64(1)
		if level == 4 {
			i = slot + 1
		}
		for _, c := range [...]struct {
			what  string
			entry uint64
			err   hypercall.Errno
		}{
			{"an empty table", pv.PageEntry(empty, pv.RW), 0},
			{"an empty table, read-only", pv.PageEntry(empty, pv.RO), 0},
			{"nothing", 0, 0},
			{"a page that is mapped writable", pv.PageEntry(data, pv.RW), hypercall.EINVAL},
			{"large", pv.PageEntry(empty, pv.RW|pv.Large), hypercall.EINVAL},
			{"large, and nobody's", pv.FrameEntry(hypervisorFrame(), pv.RW|pv.Large), hypercall.EINVAL},
			{"a frame of the hypervisor", pv.FrameEntry(hypervisorFrame(), pv.RW), hypercall.EINVAL},
			{"local APICs", pv.FrameEntry(apicFrame, pv.RW), hypercall.EINVAL},
			{"no frame that the machine could have", pv.FrameEntry(1<<39, pv.RW), hypercall.EINVAL},
		} {
			t.Errno(c.what, pv.SetEntry(table, i, c.entry), c.err)
			got := *pv.At[uint64](table + 8*i)
			if c.err == 0 {
				t.Equal("entry", got, c.entry)
				pv.Need("take out", pv.SetEntry(table, i, 0))
			} else {
				t.Equal("entry after a refusal", got, 0)
			}
		}
		// A table of another level is no table of this one.
		wrong := r.Table(1)
		if level == 2 {
			wrong = r.Table(3)
		}
		t.Errno("a table of another level", pv.SetEntry(table, i, pv.PageEntry(wrong, pv.RW)), hypercall.EINVAL)
	}
	// The same tables in several places.
	t.OK("the L1 a second time", pv.SetEntry(r.Table(2), 1, pv.PageEntry(r.Table(1), pv.RW)))
	t.OK("the L2 a second time", pv.SetEntry(r.Table(3), 1, pv.PageEntry(r.Table(2), pv.RW)))
	pv.Need("map", r.Set(3, pv.FrameEntry(pv.SpareFrame(0), pv.RW)))
	*pv.At[uint64](r.Page(3)) = 42
	const mib, gib = 1 << 20, 1 << 30
	for _, offset := range [...]uint64{2 * mib, gib, gib + 2*mib} {
		t.Equal("the page at another place", *pv.At[uint64](r.Page(3) + offset), 42)
	}
	pv.Need("unmap", r.Set(3, 0))
	pv.Need("take out", pv.SetEntry(r.Table(3), 1, 0))
	pv.Need("take out", pv.SetEntry(r.Table(2), 1, 0))
	pv.Unprotect(empty)
	pv.FreePage(empty)
	pv.FreePage(data)
	r.Remove()
}

// hypervisorSlots changes the root's entries that are the hypervisor's.
func hypervisorSlots(t *pv.T) {
	empty := pv.AllocPage()
	pv.Protect(empty)
	for i := uint64(256); i < 272; i++ {
		before := *pv.At[uint64](pv.StartInfo.PTBase + 8*i)
		t.Errno("a table", pv.SetEntry(pv.StartInfo.PTBase, i, pv.PageEntry(empty, pv.RW)), hypercall.EINVAL)
		t.Errno("nothing", pv.SetEntry(pv.StartInfo.PTBase, i, 0), hypercall.EINVAL)
		t.Equal("entry", *pv.At[uint64](pv.StartInfo.PTBase + 8*i), before)
	}
	for _, i := range [...]uint64{0, 255, 272, 510} {
		t.OK("a table", pv.SetEntry(pv.StartInfo.PTBase, i, pv.PageEntry(empty, pv.RW)))
		t.OK("nothing", pv.SetEntry(pv.StartInfo.PTBase, i, 0))
	}
	pv.Unprotect(empty)
	pv.FreePage(empty)
}

// recursive has a root point to itself: Xen takes that if the entry can't be written through. Tuco never does.
func recursive(t *pv.T) {
	root := pv.StartInfo.PTBase
	t.Errno("writable", pv.SetEntry(root, slot, pv.PageEntry(root, pv.RW)), hypercall.EINVAL)
	result := pv.SetEntry(root, slot, pv.PageEntry(root, pv.RO))
	if pv.OnTuco() {
		t.Errno("read-only", result, hypercall.EINVAL)
		t.Equal("entry", *pv.At[uint64](root + 8*slot), 0)
		return
	}
	t.OK("read-only", result)
	t.Errno("and then writable", pv.SetEntry(root, slot, pv.PageEntry(root, pv.RW)), hypercall.EINVAL)
	t.OK("nothing", pv.SetEntry(root, slot, 0))
}
