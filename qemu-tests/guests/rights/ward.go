package rights

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// slot is the slot of the L4 table that the tests use.
const slot = 300

// wardTest is that a domain without rights is refused what is about others, and that it lives through what the guardian
// does with its memory.
func wardTest(t *pv.T) {
	var s pv.Space
	s.Install(slot)
	refused(t, &s)

	page := pv.AllocPage()
	b := pv.At[board](page)
	*b = board{magic: magic, table: pv.MFN(s.Table(1)), spare: pv.SpareFrame(0), pages: pv.StartInfo.NrPages}
	mfn := pv.MFN(page)
	pv.Unbound(lowMark + hypercall.DomID(mfn%radix))
	pv.Unbound(highMark + hypercall.DomID(mfn/radix))
	usePorts(t, b)
	useIOMemory(t, b)
	for b.done == 0 {
		pv.Sleep(pv.Now() + pv.Millisecond)
	}
	t.Equal("entry that the guardian has set", s.Entry(0)&^(pv.Accessed|pv.Dirty), pv.PageEntry(page, pv.Present|pv.UserPage))
	t.Equal("page seen there", pv.At[board](s.Page(0)).magic, magic)
	s.Remove()
}

func refused(t *pv.T, s *pv.Space) {
	const master hypercall.DomID = 0
	request := hypercall.MMUUpdate{Ptr: pv.Machine(s.Table(1)), Val: 0}
	for _, c := range [...]struct {
		what string
		dom  hypercall.ForeignDom
	}{
		{"frames of domain 0", hypercall.ForeignDom(master)},
		{"tables of domain 0", tablesOf(master, hypercall.DOMID_SELF)},
		{"frames of the hypervisor", hypercall.ForeignDom(hypercall.DOMID_XEN)},
	} {
		done, result := pv.MMUUpdates(c.dom, request)
		t.Errno(c.what, result, hypercall.EPERM)
		t.Equal("done", uint64(done), 0)
	}
	const vgaFrame = 0xb8
	device := pv.FrameEntry(vgaFrame, pv.RW)
	_, result := pv.MMUUpdates(hypercall.ForeignDom(hypercall.DOMID_IO), hypercall.MMUUpdate{Ptr: request.Ptr, Val: device})
	t.Check(hypercall.Failed(result) != 0, "a device was mapped")
	t.Errno("mapping a frame of domain 0", mapOther(s.Page(0), pv.FrameEntry(pv.SpareFrame(0), pv.RW), master), hypercall.EPERM)
	t.Check(hypercall.Failed(mapOther(s.Page(0), device, hypercall.DOMID_IO)) != 0, "a device was mapped")

	for _, op := range [...]hypercall.MMUExtOp{
		{Cmd: hypercall.MMUEXT_TLB_FLUSH_LOCAL}, {Cmd: hypercall.MMUEXT_PIN_L1_TABLE, Arg1: pv.SpareFrame(0)},
	} {
		_, result := pv.MMUExtOps(master, op)
		t.Errno("operation on domain 0", result, hypercall.EPERM)
	}
	t.Errno("flushing caches", pv.MMUExtOp(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_FLUSH_CACHE}), hypercall.EACCES)
	t.Errno("flushing all caches", pv.MMUExtOp(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_FLUSH_CACHE_GLOBAL}), hypercall.EINVAL)

	for _, cmd := range [...]uint64{
		hypercall.XENMEM_current_reservation, hypercall.XENMEM_maximum_reservation, hypercall.XENMEM_maximum_gpfn,
	} {
		t.Errno("number of domain 0", reserved(cmd, master), hypercall.EPERM)
	}
	t.Equal("frames for domain 0", change(hypercall.XENMEM_populate_physmap, master, 0), 0)
	t.Equal("frames of domain 0 given back", change(hypercall.XENMEM_decrease_reservation, master, pv.SpareFrame(0)), 0)
	t.Equal("own memory", reserved(hypercall.XENMEM_current_reservation, hypercall.DOMID_SELF), pv.StartInfo.NrPages)

	memoryMap = hypercall.XenMemoryMap{NrEntries: uint32(len(entries)), Buffer: hypercall.Handle[hypercall.E820Entry](pv.Address(&entries))}
	t.Errno("the machine's memory map", pv.MemoryOp(hypercall.XENMEM_machine_memory_map, &memoryMap), hypercall.EPERM)
	if t.OK("the own memory map", pv.MemoryOp(hypercall.XENMEM_memory_map, &memoryMap)) {
		t.Equal("entries", uint64(memoryMap.NrEntries), 1)
		t.Equal("bytes", entries[0].Size(), pv.StartInfo.NrPages*pv.PageSize)
	}
	theirMap = hypercall.XenForeignMemoryMap{DomID: master, Map: memoryMap}
	t.Errno("domain 0's memory map", pv.MemoryOp(hypercall.XENMEM_set_memory_map, &theirMap), hypercall.EPERM)
}
