package lines

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

func mapping(t *pv.T) {
	// Lines that no device has here. Xen never maps one again that was unmapped.
	for _, line := range [...]int32{5, 7, 13, 15} {
		requireMap(t, "map", line, line, line)
		requireMap(t, "map once more", line, line, line)
		requireMap(t, "map by any number", line, anyNumber, line)
		_, result := mapPIRQ(self, gsi, line, 20)
		t.Errno("map by another number", result, hypercall.EEXIST)
		t.OK("unmap", unmapPIRQ(self, line))
		t.Errno("unmap once more", unmapPIRQ(self, line), hypercall.EINVAL)
	}
	const line, other = 10, 11
	n, result := mapPIRQ(self, gsi, line, anyNumber)
	t.OK("map by any number", result)
	t.Check(n >= 16, "it is number %d", uint64(n))
	_, result = bindPIRQ(line)
	t.Errno("bind by the line's number", result, hypercall.EPERM)
	p, result := bindPIRQ(uint32(n))
	t.OK("bind", result)
	s := pv.Status(p)
	t.Equal("status", uint64(s.Status), hypercall.EVTCHNSTAT_pirq)
	t.Equal("interrupt", uint64(s.U.IRQ()), uint64(n))
	_, result = bindPIRQ(uint32(n))
	t.Errno("bind once more", result, hypercall.EEXIST)
	pv.Close(p)
	_, result = mapPIRQ(self, gsi, other, n)
	if pv.OnTuco() {
		t.Errno("map another line by the same number", result, hypercall.EEXIST)
	} else {
		t.OK("map another line by the same number", result) // which does nothing
	}
	requireMap(t, "map that by its own", other, other, other)
	t.OK("unmap", unmapPIRQ(self, other))
	t.OK("unmap", unmapPIRQ(self, n))
	if pv.OnTuco() {
		requireMap(t, "map what was unmapped", line, line, line)
		t.OK("unmap", unmapPIRQ(self, line))
	}
}

func requireMap(t *pv.T, what string, line, number, want int32) {
	n, result := mapPIRQ(self, gsi, line, number)
	t.OK(what, result)
	t.Equal("number", uint64(n), uint64(want))
}

func mappingRefused(t *pv.T) {
	for _, c := range [...]struct {
		what                string
		domain              hypercall.DomID
		kind, index, number int32
		err                 hypercall.Errno
	}{
		{"a domain that does not exist", 99, gsi, lineClock, lineClock, hypercall.ESRCH},
		{"a line that no machine has", self, gsi, none, anyNumber, hypercall.EINVAL},
		{"a negative line", self, gsi, -1, anyNumber, hypercall.EINVAL},
		{"the lowest line", self, gsi, -1 << 31, anyNumber, hypercall.EINVAL},
		{"a number that no domain has", self, gsi, lineClock, none, hypercall.EINVAL},
		{"the highest number", self, gsi, lineClock, 1<<31 - 1, hypercall.EINVAL},
		{"a kind that does not exist", self, hypercall.MAP_PIRQ_TYPE_UNKNOWN, lineClock, anyNumber, hypercall.EINVAL},
		{"another such kind", self, 99, lineClock, anyNumber, hypercall.EINVAL},
		{"line 0", self, gsi, 0, anyNumber, hypercall.EPERM},
		{"a message of a device that has none", self, hypercall.MAP_PIRQ_TYPE_MSI, -1, anyNumber, hypercall.ENODEV},
		{"a message by segment", self, hypercall.MAP_PIRQ_TYPE_MSI_SEG, -1, anyNumber, hypercall.ENODEV},
	} {
		_, result := mapPIRQ(c.domain, c.kind, c.index, c.number)
		t.Errno(c.what, result, c.err)
	}
	t.Errno("unmap, of a domain that does not exist", unmapPIRQ(99, lineClock), hypercall.ESRCH)
	for _, n := range [...]int32{lineClock, -1, -1 << 31, none, 1<<31 - 1} {
		t.Errno("unmap what is not mapped", unmapPIRQ(self, n), hypercall.EINVAL)
	}
	for _, n := range [...]uint32{lineClock, 20} {
		_, result := bindPIRQ(n)
		t.Errno("bind what is not mapped", result, hypercall.EPERM)
		t.Errno("eoi of what is not mapped", eoi(n), hypercall.EINVAL)
	}
	for _, n := range [...]uint32{none, 1 << 31, 1<<32 - 1} {
		t.Errno("eoi of what no domain has", eoi(n), hypercall.EINVAL)
		query := hypercall.PhysdevIRQStatusQuery{IRQ: n}
		t.Errno("irq_status_query of it", pv.PhysdevOp(hypercall.PHYSDEVOP_irq_status_query, &query), hypercall.EINVAL)
	}
	for _, line := range [...]int32{none, -1, 1<<31 - 1} {
		t.Errno("setup_gsi of a line that no machine has", setupGSI(line, 0, 0), hypercall.EINVAL)
	}
}

// vectors asks for vectors, of which a guest learns nothing: any number is its own.
func vectors(t *pv.T) {
	for _, n := range [...]uint32{lineClock, none, 1<<32 - 1} {
		arg := hypercall.PhysdevIRQ{IRQ: n}
		t.OK("alloc_irq_vector", pv.PhysdevOp(hypercall.PHYSDEVOP_alloc_irq_vector, &arg))
		t.Equal("vector", uint64(arg.Vector), uint64(n))
	}
}

// taken is about the serial port's line, which is the hypervisor's.
func taken(t *pv.T) {
	requireMap(t, "map", lineSerial, lineSerial, lineSerial)
	t.Errno("setup_gsi", setupGSI(lineSerial, 0, 0), hypercall.EEXIST)
	_, result := bindPIRQ(lineSerial)
	t.Errno("bind", result, hypercall.EBUSY)
	t.OK("eoi", eoi(lineSerial))
	t.OK("unmap", unmapPIRQ(self, lineSerial))
}

func freeNumbers(t *pv.T) {
	var got [4]uint32
	for i, kind := range [...]int32{gsi, hypercall.MAP_PIRQ_TYPE_MSI, hypercall.MAP_PIRQ_TYPE_MSI, 99} {
		arg := hypercall.PhysdevGetFreePIRQ{Type: kind}
		t.OK("get_free_pirq", pv.PhysdevOp(hypercall.PHYSDEVOP_get_free_pirq, &arg))
		got[i] = arg.PIRQ
		t.Check(got[i] >= 16, "it gives %d", uint64(got[i]))
		for _, other := range got[:i] {
			t.Check(got[i] != other, "it gives %d twice", uint64(other))
		}
		_, result := bindPIRQ(got[i])
		t.Errno("bind", result, hypercall.EPERM)
		t.OK("eoi", eoi(got[i]))
		t.Errno("unmap", unmapPIRQ(self, int32(got[i])), hypercall.EINVAL)
	}
	const line = 14
	requireMap(t, "map", line, int32(got[0]), int32(got[0]))
	t.OK("unmap", unmapPIRQ(self, int32(got[0])))
}

// badAddresses gives all commands an argument where nothing is.
func badAddresses(t *pv.T) {
	for _, cmd := range [...]uint64{
		hypercall.PHYSDEVOP_map_pirq, hypercall.PHYSDEVOP_unmap_pirq, hypercall.PHYSDEVOP_setup_gsi, hypercall.PHYSDEVOP_eoi,
		hypercall.PHYSDEVOP_irq_status_query, hypercall.PHYSDEVOP_alloc_irq_vector, hypercall.PHYSDEVOP_get_free_pirq,
		hypercall.PHYSDEVOP_apic_read, hypercall.PHYSDEVOP_apic_write, hypercall.PHYSDEVOP_pci_device_add,
		hypercall.PHYSDEVOP_pci_device_remove, hypercall.PHYSDEVOP_manage_pci_add, hypercall.PHYSDEVOP_manage_pci_remove,
		hypercall.PHYSDEVOP_manage_pci_add_ext,
	} {
		for _, bad := range pv.BadAddresses {
			if !t.Errno("an argument where nothing is", pv.PhysdevOp(cmd, pv.At[byte](bad)), hypercall.EFAULT) {
				pv.Print("of command %d", cmd)
			}
		}
	}
}
