package memory

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// machine asks about the table from machine to pseudo-physical frames.
func machine(t *pv.T) {
	highest := pv.MemoryOp[byte](hypercall.XENMEM_maximum_ram_page, nil)
	var mapping hypercall.XenMachphysMapping
	t.OK("machphys_mapping", pv.MemoryOp(hypercall.XENMEM_machphys_mapping, &mapping))
	t.Equal("start of the table", mapping.VStart, hypercall.MACH2PHYS_VIRT_START)
	t.Equal("end of the table", mapping.VEnd, hypercall.MACH2PHYS_VIRT_END)
	for i := range uint64(512) {
		mfn := pv.SpareFrame(i)
		if !t.Check(mfn < highest && mfn <= mapping.MaxMFN, "the domain's frame %x is above all frames", mfn) {
			break
		}
	}
	for _, bad := range pv.BadAddresses {
		t.Errno("machphys_mapping where nothing is", pv.MemoryOp(hypercall.XENMEM_machphys_mapping, pv.At[byte](bad)), hypercall.EFAULT)
	}

	const largePage = 2 << 20 / pv.PageSize
	for _, room := range [...]uint32{0, 1, 2, 512} {
		clear(list[:])
		arg := hypercall.XenMachphysMFNList{MaxExtents: room, ExtentStart: handle(list[:]), NrExtents: 99}
		t.OK("machphys_mfn_list", pv.MemoryOp(hypercall.XENMEM_machphys_mfn_list, &arg))
		t.Check(arg.NrExtents <= room && (room == 0) == (arg.NrExtents == 0), "%d extents", uint64(arg.NrExtents))
		for i := range min(arg.NrExtents, room) {
			t.Equal("alignment of an extent", uint64(list[i])%largePage, 0)
		}
		for i := arg.NrExtents; i < uint32(len(list)); i++ {
			if !t.Equal("what is behind the list", uint64(list[i]), 0) {
				break
			}
		}
	}
	for _, bad := range pv.BadAddresses {
		arg := hypercall.XenMachphysMFNList{MaxExtents: 1, ExtentStart: hypercall.Handle[hypercall.XenPFN](bad)}
		t.Errno("machphys_mfn_list into nothing", pv.MemoryOp(hypercall.XENMEM_machphys_mfn_list, &arg), hypercall.EFAULT)
		t.Errno("machphys_mfn_list where nothing is", pv.MemoryOp(hypercall.XENMEM_machphys_mfn_list, pv.At[byte](bad)), hypercall.EFAULT)
	}
}

// entries is a memory map.
var entries [128]hypercall.E820Entry

// maps asks for the maps of this domain's memory and, as domain 0, of the machine's.
func maps(t *pv.T) {
	ask := func(cmd uint64, room uint32) (uint32, uint64) {
		arg := hypercall.XenMemoryMap{NrEntries: room, Buffer: hypercall.Handle[hypercall.E820Entry](pv.Address(&entries))}
		result := pv.MemoryOp(cmd, &arg)
		return arg.NrEntries, result
	}
	if !pv.Domain0() {
		n, result := ask(hypercall.XENMEM_memory_map, uint32(len(entries)))
		t.OK("memory_map", result)
		requireMap(t, n, pv.StartInfo.NrPages)
		_, result = ask(hypercall.XENMEM_machine_memory_map, uint32(len(entries)))
		t.Errno("machine_memory_map", result, hypercall.EPERM)
		return
	}
	_, result := ask(hypercall.XENMEM_memory_map, uint32(len(entries)))
	t.Errno("memory_map of domain 0", result, hypercall.ENOSYS)
	n, result := ask(hypercall.XENMEM_machine_memory_map, uint32(len(entries)))
	t.OK("machine_memory_map", result)
	requireMap(t, n, pv.StartInfo.NrPages)
	_, result = ask(hypercall.XENMEM_machine_memory_map, 1)
	t.Errno("machine_memory_map with no room", result, hypercall.EINVAL)
	for _, bad := range pv.BadAddresses {
		arg := hypercall.XenMemoryMap{NrEntries: uint32(len(entries)), Buffer: hypercall.Handle[hypercall.E820Entry](bad)}
		t.Errno("machine_memory_map into nothing", pv.MemoryOp(hypercall.XENMEM_machine_memory_map, &arg), hypercall.EFAULT)
	}
}

// requireMap requires the map to be in order, and to have RAM for so many pages.
func requireMap(t *pv.T, n uint32, pages uint64) {
	if !t.Check(n > 0 && n <= uint32(len(entries)), "%d entries", uint64(n)) {
		return
	}
	var end, ram uint64
	for i := range n {
		e := &entries[i]
		t.Check(e.Addr() >= end, "an entry starts at %x, within the one before", e.Addr())
		end = e.Addr() + e.Size()
		if e.Type() == hypercall.E820RAM {
			ram += e.Size()
		}
	}
	t.Check(ram >= pages*pv.PageSize, "the map has only %x bytes of RAM", ram)
}

func commands(t *pv.T) {
	for _, cmd := range [...]uint64{8, 40, 63} {
		t.Errno("unknown command", pv.MemoryOp[byte](cmd, nil), hypercall.ENOSYS)
	}
}
