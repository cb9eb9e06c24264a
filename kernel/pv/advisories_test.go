package pv

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"

	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
	"tuco/kernel/pagetype"
	"tuco/kernel/x86"
)

// XSA-444: AMD's address masks of breakpoints are state of the processor's that is
// not switched, so no guest can have them, nor is told of them; and no guest sets a
// breakpoint on what the processor reads of the hypervisor's part of the address space.
func TestXSA444DebugMasks(t *testing.T) {
	v := new(domain.VCPU)
	for _, msr := range []x86.MSR{0xc001_1027, 0xc001_1019, 0xc001_101a, 0xc001_101b} {
		_, ok := readMSR(v, msr)
		assert.False(t, ok, "%x", uint32(msr))
		for _, value := range []uint64{0, 1, ^uint64(0)} {
			assert.False(t, writeMSR(v, msr, value), "%x", uint32(msr))
		}
	}
	const dataBreakpointExtension = 1 << 26 // CPUID leaf 0x80000001, ECX
	assert.Zero(t, extended1ECX&dataBreakpointExtension)
	for n := range uint32(4) {
		for _, a := range []frame.VAddr{0xffff_8000_0000_0000, area, windows, windows + 64*frame.PageSize, 0xffff_87ff_ffff_ffff, 1 << 47} {
			assert.Equal(t, DRRefused, CheckedSetDR(v, n, uint64(a)), "DR%d %x", n, a)
		}
	}
	assert.Equal(t, DRRefused, CheckedSetDR(v, 7, dr7GD))
}

// XSA-298: a selector names a descriptor only below its table's limit, though there
// are others in the frame behind that.
func TestXSA298DescriptorLimits(t *testing.T) {
	const first, second, reserved, local = 0, 1, 2, 3
	tables := new([4]pagetype.Table)
	for m := range tables {
		for n := range tables[m] {
			tables[m][n].Store(uint64(m)<<32 | uint64(n))
		}
	}
	machine.Types.Init(nil, unsafe.Pointer(tables))
	common.reserved = reserved
	v := new(domain.VCPU)
	p := &v.PV
	p.GDTFrames[0], p.GDTFrames[1] = first, second
	for i := range p.LDTFrames {
		p.LDTFrames[i] = local
	}
	for _, test := range []struct {
		gdt, ldt uint32
		entry    int // of the table that the selector is about
		inLDT    bool
		table    uint64
		ok       bool
	}{
		{gdt: 0, entry: 0},
		{gdt: 100, entry: 99, table: first, ok: true},
		{gdt: 100, entry: 100},
		{gdt: 100, entry: 511},
		{gdt: 100, entry: 512},
		{gdt: 513, entry: 512, table: second, ok: true},
		{gdt: 513, entry: 513},
		{gdt: 513, entry: 14*512 - 1},
		{gdt: 0, entry: 14 * 512, table: reserved, ok: true},
		{gdt: 513, entry: 14*512 + 7, table: reserved, ok: true},
		{gdt: 513, entry: 14*512 + 8},
		{gdt: 513, entry: 8191},
		{gdt: 513, ldt: 0, entry: 0, inLDT: true},
		{gdt: 513, ldt: 10, entry: 9, inLDT: true, table: local, ok: true},
		{gdt: 513, ldt: 10, entry: 10, inLDT: true},
		{gdt: 513, ldt: 10, entry: 8191, inLDT: true},
		{gdt: 513, ldt: 8192, entry: 8191, inLDT: true, table: local, ok: true},
	} {
		p.GDTEntries, p.LDTEntries = test.gdt, test.ldt
		for _, level := range []uint16{0, selectorRPL} {
			selector := uint16(test.entry)<<3 | level
			if test.inLDT {
				selector |= selectorTI
			}
			d, ok := descriptor(v, selector)
			assert.Equal(t, test.ok, ok, "%+v", test)
			if test.ok {
				assert.Equal(t, test.table<<32|uint64(test.entry%pagetype.Entries), d, "%+v", test)
			}
		}
	}
}
