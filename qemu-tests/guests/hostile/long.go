package main

import (
	"unsafe"

	"tuco/hypercall"
	"tuco/kernel/text"
	"tuco/qemu-tests/guests/pv"
)

// long makes calls that take long, since there is much to do: the hypervisor has to let others have their turns meanwhile.
// At its end the domain leaves much to be taken apart.
func long() {
	pv.MaskUpcalls()
	pv.BindTimer()
	lists.fill()
	for _, s := range [...]struct {
		what string
		call func() (result, want uint64)
	}{
		{"set_gdt of 14 pages", longGDT},
		{"mmu_update", longUpdate},
		{"mmuext_op", longExt},
		{"multicall", longMulticall},
		{"update_va_mapping", longMulticallOfMappings},
		{"decrease_reservation", longDecrease},
		{"populate_physmap", longPopulate},
		{"exchange", func() (result, want uint64) { return exchange(0, 0), 0 }},
		{"exchange of small for large extents", func() (result, want uint64) { return exchange(0, largeOrder), 0 }},
		{"exchange of large extents", func() (result, want uint64) { return exchange(largeOrder, largeOrder), 0 }},
		{"exchange of large for small extents", func() (result, want uint64) { return exchange(largeOrder, 0), 0 }},
		{"setup_table", longGrants},
		{"map_grant_ref", longMaps},
		{"unmap_grant_ref", longUnmaps},
		{"copy by grants", longCopies},
		{"reset of all ports", longReset},
		{"console_io", longConsole},
		{"pinning a tree of tables", longPin},
		{"unpinning it", longUnpin},
		{"pinning it again", longPin},
	} {
		start := pv.Now()
		result, want := s.call()
		var l text.Line
		pv.PrintLine(l.Str("long: ").Str(s.what).Template(": from %d us to %d us", start/1000, pv.Now()/1000))
		if result != want {
			pv.Print("long: the result is %x, not %x", result, want)
			panic("a long call has failed")
		}
	}
	pv.Print("long: all done")
}

// lists is 2 MiB of memory at one stretch, for the calls' lists.
var lists stretch

type stretch struct{ pv.Space }

// Where the frames come from, in the half of the domain's memory that nobody has mapped.
const (
	listFrames  = 0    // of lists
	tableFrames = 512  // L1 tables of the tree, and one L2
	leafFrames  = 1100 // what those map
	leaves      = 500
	movable     = 2000 // from here on what is given back
)

func (s *stretch) fill() {
	const slot = 301
	s.Install(slot)
	for i := range uint64(512) {
		s.Map(s.VA+i*pv.PageSize, pv.FrameEntry(pv.SpareFrame(listFrames+i), pv.RW))
	}
}

// listOf is n elements at the stretch's beginning.
func listOf[T any](n uint64) []T { return unsafe.Slice(pv.At[T](lists.VA), n) }

func longGDT() (result, want uint64) {
	page := pv.AllocPage()
	entries := pv.At[[512]uint64](page)
	for i := range entries {
		entries[i] = 0x00cf_f300_0000_ffff
	}
	pv.Protect(page)
	frames := listOf[hypercall.XenPFN](14)
	for i := range frames {
		frames[i] = hypercall.XenPFN(pv.MFN(page))
	}
	return pv.SetGDT(&frames[0], 14*512), 0
}

func longUpdate() (result, want uint64) {
	const n = 100_000
	makeArena()
	requests := listOf[hypercall.MMUUpdate](n)
	for i := range requests {
		requests[i] = hypercall.MMUUpdate{
			Ptr: area.EntryAddress(edge() + uint64(i)%500*pv.PageSize),
			Val: pv.FrameEntry(pv.SpareFrame(leafFrames+uint64(i)%leaves), pv.RW&^(uint64(i)&2)),
		}
	}
	return pv.Call(hypercall.HYPERVISOR_mmu_update, lists.VA, n, 0, uint64(hypercall.DOMID_SELF), 0), 0
}

func longExt() (result, want uint64) {
	const n = 50_000
	ops := listOf[hypercall.MMUExtOp](n)
	spare := pv.SpareFrame(leafFrames + leaves)
	for i := range ops {
		ops[i] = [...]hypercall.MMUExtOp{
			{Cmd: hypercall.MMUEXT_TLB_FLUSH_LOCAL}, {Cmd: hypercall.MMUEXT_CLEAR_PAGE, Arg1: spare},
			{Cmd: hypercall.MMUEXT_INVLPG_ALL, Arg1: lists.VA},
		}[i%3]
	}
	return pv.Call(hypercall.HYPERVISOR_mmuext_op, lists.VA, n, 0, uint64(hypercall.DOMID_SELF), 0), 0
}

func longMulticall() (result, want uint64) {
	const n = 10_000
	entries := listOf[hypercall.MulticallEntry](n)
	for i := range entries {
		entries[i] = hypercall.MulticallEntry{Op: hypercall.HYPERVISOR_xen_version}
	}
	return pv.Call(hypercall.HYPERVISOR_multicall, lists.VA, n, 0, 0, 0), 0
}

func longMulticallOfMappings() (result, want uint64) {
	const n = 10_000
	entries := listOf[hypercall.MulticallEntry](n)
	for i := range entries {
		entries[i] = hypercall.MulticallEntry{
			Op: hypercall.HYPERVISOR_update_va_mapping,
			Args: hypercall.ArgList{
				edge() + uint64(i)%500*pv.PageSize, pv.FrameEntry(pv.SpareFrame(leafFrames+uint64(i)%leaves), pv.RO),
				uint64(hypercall.UVMF_TLB_FLUSH | hypercall.UVMF_ALL),
			},
		}
	}
	return pv.Call(hypercall.HYPERVISOR_multicall, lists.VA, n, 0, 0, 0), 0
}

// extents is how many frames move, a multiple of those of an extent of 2 MiB.
const (
	largeOrder = 9
	extents    = 49 << largeOrder
)

// reservation is of the frames or pages in the list.
func reservation() *hypercall.XenMemoryReservation {
	reserved = hypercall.XenMemoryReservation{
		ExtentStart: hypercall.Handle[hypercall.XenPFN](lists.VA), NrExtents: extents, DomID: hypercall.DOMID_SELF,
	}
	return &reserved
}

var (
	reserved  hypercall.XenMemoryReservation
	exchanged hypercall.XenMemoryExchange
)

func longDecrease() (result, want uint64) {
	list := listOf[uint64](extents)
	for i := range list {
		list[i] = pv.SpareFrame(movable + uint64(i))
	}
	return pv.MemoryOp(hypercall.XENMEM_decrease_reservation, reservation()), extents
}

func longPopulate() (result, want uint64) {
	list := listOf[uint64](extents)
	for i := range list {
		list[i] = pv.SparePFN(movable + uint64(i))
	}
	return pv.MemoryOp(hypercall.XENMEM_populate_physmap, reservation()), extents
}

// exchange exchanges the extents in the list for some of another size, which are in the list then.
func exchange(from, to uint32) uint64 {
	in, out := listOf[uint64](2 * extents)[:extents>>from], listOf[uint64](2 * extents)[extents:][:extents>>to]
	for i := range out {
		out[i] = pv.SparePFN(movable + uint64(i)<<to)
	}
	exchanged = hypercall.XenMemoryExchange{In: *reservation(), Out: *reservation()}
	exchanged.In.NrExtents, exchanged.In.ExtentOrder = uint64(len(in)), from
	exchanged.Out.NrExtents, exchanged.Out.ExtentOrder = uint64(len(out)), to
	exchanged.Out.ExtentStart += 8 * extents
	result := pv.MemoryOp(hypercall.XENMEM_exchange, &exchanged)
	copy(listOf[uint64](extents), out)
	return result
}

func longGrants() (result, want uint64) {
	arg := hypercall.GnttabSetupTable{
		Dom: hypercall.DOMID_SELF, NrFrames: 64, FrameList: hypercall.Handle[hypercall.XenPFN](lists.VA),
	}
	return pv.Call(hypercall.HYPERVISOR_grant_table_op, hypercall.GNTTABOP_setup_table, pv.Address(&arg), 1, 0, 0), 0
}

const mappings = 50_000

// longMaps maps a page over and over, at the same addresses: of most of these mappings only the domain's end gets rid.
func longMaps() (result, want uint64) {
	self := pv.DomainID()
	pv.Grants()[granted].Set(self, pv.SpareFrame(leafFrames), 0)
	ops := listOf[hypercall.GnttabMapGrantRef](mappings)
	for i := range ops {
		ops[i] = hypercall.GnttabMapGrantRef{
			HostAddr: edge() + uint64(i)%500*pv.PageSize, Flags: hypercall.GNTMAP_host_map | hypercall.GNTMAP_device_map, Ref: granted, Dom: self,
		}
	}
	return pv.GrantOp(hypercall.GNTTABOP_map_grant_ref, &ops[0], mappings), 0
}

const granted = 8

func longUnmaps() (result, want uint64) {
	maps, unmaps := listOf[hypercall.GnttabMapGrantRef](mappings), listOf[hypercall.GnttabUnmapGrantRef](mappings)
	for i := range maps { // what is written lies before what is read next
		op := maps[i]
		if op.Status != hypercall.GNTST_okay {
			panic("a grant can't be mapped")
		}
		unmaps[i] = hypercall.GnttabUnmapGrantRef{HostAddr: op.HostAddr, Handle: op.Handle}
	}
	return pv.GrantOp(hypercall.GNTTABOP_unmap_grant_ref, &unmaps[0], mappings), 0
}

func longCopies() (result, want uint64) {
	const n = 40_000
	ops, self := listOf[hypercall.GnttabCopy](n), pv.DomainID()
	for i := range ops {
		ops[i] = hypercall.GnttabCopy{
			Source: pv.Granted(self, granted, 0), Len: pv.PageSize, Flags: hypercall.GNTCOPY_source_gref,
			Dest: hypercall.GnttabCopyPtr{U: pv.SpareFrame(leafFrames + 1), DomID: hypercall.DOMID_SELF},
		}
	}
	return pv.GrantOp(hypercall.GNTTABOP_copy, &ops[0], n), 0
}

func longReset() (result, want uint64) {
	arg := hypercall.EvtchnAllocUnbound{Dom: hypercall.DOMID_SELF, RemoteDom: hypercall.DOMID_SELF}
	for pv.EventOp(hypercall.EVTCHNOP_alloc_unbound, &arg) == 0 {
	}
	return pv.EventOp(hypercall.EVTCHNOP_reset, &hypercall.EvtchnReset{Dom: hypercall.DOMID_SELF}), 0
}

func longConsole() (result, want uint64) {
	const n = 256 << 10
	out := listOf[byte](n)
	for i := range out {
		out[i] = '.'
	}
	return pv.Call(hypercall.HYPERVISOR_console_io, hypercall.CONSOLEIO_write, n, lists.VA, 0, 0), 0
}

// tree is a root with 512 full L1 tables.
var tree struct{ l4, l3, l2 uint64 }

func plant() {
	tree.l4, tree.l3, tree.l2 = pv.AllocPage(), pv.AllocPage(), pv.AllocPage()
	*pv.At[uint64](tree.l4) = pv.PageEntry(tree.l3, pv.RW)
	*pv.At[uint64](tree.l3) = pv.PageEntry(tree.l2, pv.RW)
	window := edge()
	for i := range uint64(512) {
		table := pv.SpareFrame(tableFrames + i)
		pv.Need("mapping a table", pv.UpdateVAMapping(window, pv.FrameEntry(table, pv.RW), hypercall.UVMF_INVLPG))
		entries := pv.At[[512]uint64](window)
		for j := range entries {
			entries[j] = pv.FrameEntry(pv.SpareFrame(leafFrames+uint64(j)%leaves), pv.RO)
		}
		*pv.At[uint64](tree.l2 + 8*i) = pv.FrameEntry(table, pv.RW)
	}
	pv.Need("unmapping a table", pv.UpdateVAMapping(window, 0, hypercall.UVMF_INVLPG))
	pv.Protect(tree.l4)
	pv.Protect(tree.l3)
	pv.Protect(tree.l2)
}

func longPin() (result, want uint64) {
	if tree.l4 == 0 {
		plant()
	}
	return pv.TryPin(tree.l4, 4), 0
}

func longUnpin() (result, want uint64) { return pv.TryUnpin(tree.l4), 0 }
