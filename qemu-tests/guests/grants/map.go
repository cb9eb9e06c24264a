package grants

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

func mapped(t *pv.T) {
	w := begin(0)
	op := w.mapAt(3, host)
	t.Status("map", op.Status, okay)
	t.Equal("bus address", op.DevBusAddr, pv.MFN(w.page)*pv.PageSize)
	t.Equal("marks", w.g.Marks(), reading|writing)
	t.Check(!w.g.End(), "a grant in use was ended")
	there := pv.At[uint64](op.HostAddr + 8)
	*there = 0x1234
	t.Equal("what was written there", *pv.At[uint64](w.page + 8), 0x1234)
	again := w.mapAt(4, host|read)
	t.Status("map again", again.Status, okay)
	t.Check(again.Handle != op.Handle, "two mappings have one handle")
	t.Status("unmap", unmap(&op), okay)
	t.Trapped("read what was unmapped", pv.Catch(func() { _ = *there }), pv.PF, 0)
	t.Equal("entry", w.space.Entry(3), 0)
	t.Equal("marks of the other", w.g.Marks(), reading)
	t.Status("unmap twice", unmap(&op), hypercall.GNTST_bad_handle)
	t.Status("unmap the other", unmap(&again), okay)
	w.end(t)
}

func atEntry(t *pv.T) {
	w := begin(0)
	arg := hypercall.GnttabMapGrantRef{
		HostAddr: w.space.EntryAddress(w.space.Page(5)), Flags: host | hypercall.GNTMAP_contains_pte | 5<<16, Ref: firstRef, Dom: w.self,
	}
	op := pv.MapGrant(arg)
	t.Status("map at an entry", op.Status, okay)
	entry := w.space.Entry(5)
	t.Equal("its frame", pv.EntryMFN(entry), pv.MFN(w.page))
	t.Equal("its bits for software", entry>>9&7, 5)
	*pv.At[uint64](w.space.Page(5)) = 0x99
	t.Equal("what was written there", *pv.At[uint64](w.page), 0x99)
	t.Status("unmap by another entry", pv.UnmapGrant(hypercall.GnttabUnmapGrantRef{HostAddr: op.HostAddr + 8, Handle: op.Handle}), general)
	t.Status("unmap", unmap(&op), okay)
	t.Equal("entry", w.space.Entry(5), 0)
	for _, bad := range [...]uint64{4, 7} {
		arg.HostAddr = op.HostAddr + bad
		t.Status("an address that is no entry's", pv.MapGrant(arg).Status, general)
	}
	arg.HostAddr = pv.Machine(w.space.Table(2) + 8*100)
	t.Status("an entry of an L2", pv.MapGrant(arg).Status, general)
	arg.HostAddr = pv.Machine(w.page)
	t.Status("a page that is no table", pv.MapGrant(arg).Status, general)
	w.end(t)
}

func readOnly(t *pv.T) {
	w := begin(hypercall.GTF_readonly)
	t.Status("map to write what may be read", w.mapAt(0, host).Status, general)
	t.Equal("marks", w.g.Marks(), 0)
	op := w.mapAt(0, host|read)
	t.Status("map", op.Status, okay)
	t.Equal("marks", w.g.Marks(), reading)
	*pv.At[uint64](w.page) = 7
	there := pv.At[uint64](op.HostAddr)
	t.Equal("what is there", *there, 7)
	t.Trapped("write", pv.Catch(func() { *there = 8 }), pv.PF, 3)
	t.Errno("make the entry writable", w.space.Set(0, pv.FrameEntry(pv.MFN(w.page), pv.RO)), 0)
	t.Status("unmap", unmap(&op), okay)
	w.end(t)
}

type mapOp = hypercall.GnttabMapGrantRef

func refused(t *pv.T) {
	w := begin(0)
	good := hypercall.GnttabMapGrantRef{HostAddr: w.space.Page(0), Flags: host, Ref: firstRef, Dom: w.self}
	for _, c := range [...]struct {
		what   string
		change func(op mapOp) mapOp
		want   hypercall.GrantStatus
	}{
		{"for nothing", func(op mapOp) mapOp { op.Flags = read; return op }, hypercall.GNTST_bad_gntref},
		{"no domain", func(op mapOp) mapOp { op.Dom = nobody; return op }, hypercall.GNTST_bad_domain},
		{"DOMID_SELF", func(op mapOp) mapOp { op.Dom = hypercall.DOMID_SELF; return op }, hypercall.GNTST_bad_domain},
		{"beyond the table", func(op mapOp) mapOp { op.Ref = 1 << 20; return op }, hypercall.GNTST_bad_gntref},
		{"nothing granted", func(op mapOp) mapOp { op.Ref = 20; return op }, general},
		{"no table there", func(op mapOp) mapOp { op.HostAddr = w.space.Page(512); return op }, general},
		{"not canonical", func(op mapOp) mapOp { op.HostAddr = 1 << 63; return op }, general},
	} {
		t.Status(c.what, pv.MapGrant(c.change(good)).Status, c.want)
		t.Equal("marks", w.g.Marks(), 0)
	}
	other := &w.grants[21]
	good.Ref = 21
	other.Set(w.self+1, pv.MFN(w.page), 0)
	t.Status("granted to another", pv.MapGrant(good).Status, general)
	other.Write(w.self, pv.MFN(w.page), hypercall.GTF_accept_transfer)
	t.Status("a transfer", pv.MapGrant(good).Status, general)
	other.Set(w.self, pv.MemoryOp[byte](hypercall.XENMEM_maximum_ram_page, nil)+1000, 0)
	t.Status("no frame", pv.MapGrant(good).Status, hypercall.GNTST_bad_page)
	t.Status("copy from no frame", pv.CopyGrant(hypercall.GnttabCopy{
		Source: pv.Granted(w.self, 21, 0), Dest: pv.Within(w.page, 0), Len: 1, Flags: hypercall.GNTCOPY_source_gref,
	}), hypercall.GNTST_bad_page)
	t.Equal("marks", other.Marks(), 0)
	other.End()
	for _, handle := range [...]hypercall.GrantHandle{1 << 16, 1 << 31, 1<<32 - 1} {
		t.Status("no handle", pv.UnmapGrant(hypercall.GnttabUnmapGrantRef{HostAddr: w.space.Page(0), Handle: handle}), hypercall.GNTST_bad_handle)
	}
	w.end(t)
}

// devices maps for devices too: each part ends by itself.
func devices(t *pv.T) {
	w := begin(0)
	op := w.mapAt(0, host|hypercall.GNTMAP_device_map)
	t.Status("map", op.Status, okay)
	t.Status("unmap another page", pv.UnmapGrant(hypercall.GnttabUnmapGrantRef{DevBusAddr: op.DevBusAddr + pv.PageSize, Handle: op.Handle}), hypercall.GNTST_bad_dev_addr)
	t.Status("unmap for the CPU", unmap(&op), okay)
	t.Equal("entry", w.space.Entry(0), 0)
	t.Equal("marks", w.g.Marks(), reading|writing)
	t.Status("unmap for devices", pv.UnmapGrant(hypercall.GnttabUnmapGrantRef{DevBusAddr: op.DevBusAddr, Handle: op.Handle}), okay)
	t.Equal("marks", w.g.Marks(), 0)
	op = w.mapAt(0, host|hypercall.GNTMAP_device_map)
	t.Status("unmap for both", pv.UnmapGrant(hypercall.GnttabUnmapGrantRef{HostAddr: op.HostAddr, DevBusAddr: op.DevBusAddr, Handle: op.Handle}), okay)
	op = w.mapAt(0, hypercall.GNTMAP_device_map)
	t.Status("map for devices alone", op.Status, okay)
	t.Equal("entry", w.space.Entry(0), 0)
	t.Status("unmap", pv.UnmapGrant(hypercall.GnttabUnmapGrantRef{DevBusAddr: op.DevBusAddr, Handle: op.Handle}), okay)
	w.end(t)
}

// types has the granter make a table of what is mapped, and map what is a table.
func types(t *pv.T) {
	w := begin(0)
	pv.Protect(w.page)
	op := w.mapAt(0, host)
	t.Status("map", op.Status, okay)
	t.Errno("pin what is mapped to write", pv.TryPin(w.page, 1), hypercall.EINVAL)
	t.Status("unmap", unmap(&op), okay)
	t.OK("pin", pv.TryPin(w.page, 1))
	t.Check(w.mapAt(0, host).Status != okay, "a table can be written to")
	op = w.mapAt(0, host|read)
	t.Status("map a table to read", op.Status, okay)
	t.Status("unmap", unmap(&op), okay)
	t.OK("unpin", pv.TryUnpin(w.page))
	w.end(t)
}

// overwritten changes the entry behind the hypercall's back: it is not unmapped then, but another mapping of its own page is
// not taken away either.
func overwritten(t *pv.T) {
	w := begin(0)
	op := w.mapAt(0, host)
	t.Status("map", op.Status, okay)
	own := pv.AllocPage()
	pv.Need("overwrite", w.space.Set(0, pv.PageEntry(own, pv.RW)))
	t.Status("unmap", unmap(&op), general)
	t.Equal("entry's frame", pv.EntryMFN(w.space.Entry(0)), pv.MFN(own))
	t.Equal("marks", w.g.Marks(), reading|writing)
	// A domain's own frame can be put there again.
	pv.Need("restore", w.space.Set(0, pv.FrameEntry(pv.MFN(w.page), pv.RW)))
	t.Status("unmap", unmap(&op), okay)
	pv.FreePage(own)
	w.end(t)
}

func replace(t *pv.T) {
	w := begin(0)
	own := pv.AllocPage()
	pv.Need("map", w.space.Set(1, pv.PageEntry(own, pv.RW)))
	op := w.mapAt(0, host)
	t.Status("map", op.Status, okay)
	arg := hypercall.GnttabUnmapAndReplace{HostAddr: op.HostAddr, NewAddr: w.space.Page(1), Handle: op.Handle}
	t.OK("unmap_and_replace", pv.GrantOp(hypercall.GNTTABOP_unmap_and_replace, &arg, 1))
	t.Status("unmap_and_replace", arg.Status, okay)
	t.Equal("frame there", pv.EntryMFN(w.space.Entry(0)), pv.MFN(own))
	t.Equal("entry where it was", w.space.Entry(1), 0)
	pv.Need("unmap", w.space.Set(0, 0))
	pv.FreePage(own)
	w.end(t)
}
