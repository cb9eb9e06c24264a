package mm

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

func pin(t *pv.T) {
	for _, mfn := range [...]uint64{hypervisorFrame(), apicFrame, 1 << 38, 1<<40 - 1, 1<<52 - 1, ^uint64(0)} {
		for cmd := uint32(hypercall.MMUEXT_PIN_L1_TABLE); cmd <= hypercall.MMUEXT_UNPIN_TABLE; cmd++ {
			t.Errno("a frame of others", pv.MMUExtOp(hypercall.MMUExtOp{Cmd: cmd, Arg1: mfn}), hypercall.EINVAL)
		}
	}
	spare := pv.SpareFrame(0)
	t.Errno("unpin what is not pinned", pv.MMUExtOp(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_UNPIN_TABLE, Arg1: spare}), hypercall.EINVAL)

	// An L1 that is full.
	page := pv.AllocPage()
	entries := pv.At[[512]uint64](page)
	for i := range entries {
		entries[i] = pv.FrameEntry(pv.SpareFrame(uint64(i)), pv.RW)
	}
	pv.Protect(page)
	t.OK("pin a full table", pv.TryPin(page, 1))
	table := hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_PIN_L1_TABLE, Arg1: spare}
	t.Errno("pin what it maps writable", pv.MMUExtOp(table), hypercall.EINVAL)
	t.OK("change an entry", pv.SetEntry(page, 0, 0))
	pv.Need("clear", pv.MMUExtOp(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_CLEAR_PAGE, Arg1: spare}))
	t.OK("pin what it no longer maps", pv.MMUExtOp(table))
	t.Errno("map that writable", pv.SetEntry(page, 0, pv.FrameEntry(spare, pv.RW)), hypercall.EBUSY)
	t.OK("unpin", pv.MMUExtOp(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_UNPIN_TABLE, Arg1: spare}))
	t.OK("unpin a full table", pv.TryUnpin(page))
	pv.Unprotect(page)
	pv.FreePage(page)
}

// tree is a root with one table of each level below it, in pages that are mapped read-only, and a page that is mapped.
type tree struct {
	l4, l3, l2, l1, data uint64
}

// make hangs the tables into entry i of each other.
func (r *tree) make(i uint64) {
	*r = tree{pv.AllocPage(), pv.AllocPage(), pv.AllocPage(), pv.AllocPage(), pv.AllocPage()}
	*pv.At[uint64](r.l4 + 8*i) = pv.PageEntry(r.l3, pv.RW)
	*pv.At[uint64](r.l3 + 8*i) = pv.PageEntry(r.l2, pv.RW)
	*pv.At[uint64](r.l2 + 8*i) = pv.PageEntry(r.l1, pv.RW)
	*pv.At[uint64](r.l1 + 8*i) = pv.PageEntry(r.data, pv.RW)
	for _, page := range r.tables() {
		pv.Protect(page)
	}
}

func (r *tree) tables() [4]uint64 { return [4]uint64{r.l1, r.l2, r.l3, r.l4} }

// free gives the pages back, and requires that they are no tables any more.
func (r *tree) free(t *pv.T) {
	for _, page := range r.tables() {
		t.OK("a page that was a table, writable", pv.MapPage(page, pv.RW))
		pv.FreePage(page)
	}
	pv.FreePage(r.data)
}

// pinTree pins a root, and with it all below.
func pinTree(t *pv.T) {
	const i = 7
	var r tree
	r.make(i)
	for range 2 {
		t.OK("pin a root", pv.TryPin(r.l4, 4))
		for _, page := range r.tables() {
			requireWritable(t, "a table of the tree, writable", page, false)
		}
		// A table below that is pinned too stays one.
		t.OK("pin its L2", pv.TryPin(r.l2, 2))
		t.OK("take the L3 out", pv.SetEntry(r.l4, i, 0))
		requireWritable(t, "the L3 that is out, writable", r.l3, true)
		requireWritable(t, "the L2 that is pinned, writable", r.l2, false)
		requireWritable(t, "the L1 below it, writable", r.l1, false)
		t.OK("put the L3 back", pv.SetEntry(r.l4, i, pv.PageEntry(r.l3, pv.RW)))
		t.OK("unpin the L2", pv.TryUnpin(r.l2))
		requireWritable(t, "the L2 below the root, writable", r.l2, false)
		t.OK("unpin the root", pv.TryUnpin(r.l4))
		for _, page := range r.tables() {
			requireWritable(t, "a page that was a table, writable", page, true)
		}
	}
	r.free(t)
}

// pinRefused pins trees with something wrong in them: all that was validated has to be given back.
func pinRefused(t *pv.T) {
	for _, c := range [...]struct {
		what  string
		level int // of the table with a wrong entry
		entry func(tree) uint64
		err   hypercall.Errno
	}{
		{"an L1 that maps itself writable", 1, func(r tree) uint64 { return pv.PageEntry(r.l1, pv.RW) }, hypercall.EBUSY},
		{"an L1 that maps the root writable", 1, func(r tree) uint64 { return pv.PageEntry(r.l4, pv.RW) }, hypercall.EBUSY},
		{"an L1 that maps the hypervisor", 1, func(tree) uint64 { return pv.FrameEntry(hypervisorFrame(), pv.RO) }, hypercall.EBUSY},
		{"an L1 that maps local APICs", 1, func(tree) uint64 { return pv.FrameEntry(apicFrame, pv.RW) }, hypercall.EPERM},
		{"an L2 with a large page", 2, func(r tree) uint64 { return pv.PageEntry(r.data, pv.RW|pv.Large) }, hypercall.EINVAL},
		{"an L2 with a page of data", 2, func(r tree) uint64 { return pv.PageEntry(r.data, pv.RW) }, hypercall.EINVAL},
		{"an L2 with its own L3", 2, func(r tree) uint64 { return pv.PageEntry(r.l3, pv.RW) }, hypercall.EINVAL},
		{"an L3 with a large page", 3, func(r tree) uint64 { return pv.PageEntry(r.data, pv.RW|pv.Large) }, hypercall.EINVAL},
		{"an L3 with its L1", 3, func(r tree) uint64 { return pv.PageEntry(r.l1, pv.RW) }, hypercall.EINVAL},
		{"an L4 with its L1", 4, func(r tree) uint64 { return pv.PageEntry(r.l1, pv.RW) }, hypercall.EINVAL},
		{"an L4 with the hypervisor", 4, func(tree) uint64 { return pv.FrameEntry(hypervisorFrame(), pv.RW) }, hypercall.EINVAL},
	} {
		const good, bad = 7, 511
		var r tree
		r.make(good)
		table := r.tables()[c.level-1]
		pv.Unprotect(table)
		*pv.At[uint64](table + 8*bad) = c.entry(r)
		pv.Protect(table)
		t.Errno(c.what, pv.TryPin(r.l4, 4), c.err)
		t.Errno("unpin", pv.TryUnpin(r.l4), hypercall.EINVAL)
		r.free(t)
	}
}
