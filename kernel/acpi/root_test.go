package acpi

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/kernel/frame"
)

// pc is a machine with one CPU; it returns where its RSDT and XSDT are.
func pc() (m *machine, rsdt, xsdt frame.MAddr) {
	m = new(machine)
	dsdt := m.add(table("DSDT", s5AML))
	a, f := m.add(madt(lapic(0, 0, cpuEnabled))), m.add(pcFADT(dsdt))
	return m, m.add(rsdtOf(a, f)), m.add(xsdtOf(a, f))
}

func TestRootIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		place func(m *machine, rsdt, xsdt frame.MAddr) Root
		rev   uint8
		warn  []string
	}{
		"where the loader says": {
			place: func(m *machine, rsdt, xsdt frame.MAddr) Root { return Root{Addr: m.add(rsdpV2(rsdt, xsdt))} }, rev: 2,
		},
		"version 1": {
			place: func(m *machine, rsdt, _ frame.MAddr) Root { return Root{Addr: m.add(rsdpV1(rsdt))} },
		},
		"as a copy": {
			place: func(m *machine, rsdt, xsdt frame.MAddr) Root { return Root{Copy: rsdpV2(rsdt, xsdt)} }, rev: 2,
		},
		"as a copy, version 1": {
			place: func(m *machine, rsdt, _ frame.MAddr) Root { return Root{Copy: rsdpV1(rsdt)} },
		},
		"in the ROM, at its end": {
			place: func(m *machine, rsdt, _ frame.MAddr) Root {
				m.put(0xe0000, append(make([]byte, 0x1ffe0), append(rsdpV1(rsdt), make([]byte, 12)...)...))
				return Root{}
			},
		},
		"in the ROM, behind a false one": {
			place: func(m *machine, rsdt, xsdt frame.MAddr) Root {
				bad := rsdpV2(rsdt, xsdt)
				bad[10]++
				m.put(0xe0000, bytes.Join([][]byte{bad, make([]byte, 12), rsdpV2(rsdt, xsdt)}, nil))
				return Root{}
			}, rev: 2,
		},
		"in the EBDA": {
			place: func(m *machine, rsdt, xsdt frame.MAddr) Root {
				m.put(0x40e, le(uint16(0x9fc0)))
				m.put(0x9fc00, append(make([]byte, 0x3e0), rsdpV1(rsdt)...))
				return Root{}
			},
		},
		"elsewhere than the loader says": {
			place: func(m *machine, rsdt, xsdt frame.MAddr) Root {
				m.put(0xf0000, rsdpV1(rsdt))
				return Root{Addr: 0x1234, Copy: []byte("RSD PTR ")}
			},
			warn: []string{"ACPI: the loader's copy of the root pointer is broken", "ACPI: no valid root pointer at 0x1234, where the loader said"},
		},
		"with only its first half right": {
			place: func(m *machine, rsdt, xsdt frame.MAddr) Root {
				b := rsdpV2(rsdt, xsdt)
				b[24]++
				return Root{Addr: m.add(b)}
			}, rev: 2,
			warn: []string{"ACPI: the second half of the root pointer is broken; the first is used"},
		},
		"with a length that is a lie": {
			place: func(m *machine, rsdt, xsdt frame.MAddr) Root {
				b := rsdpV2(rsdt, xsdt)
				put(b, 20, uint32(0xffffffff))
				return Root{Addr: m.add(fix(b, 32))}
			}, rev: 2,
			warn: []string{"ACPI: the second half of the root pointer is broken; the first is used"},
		},
		"with a bad XSDT": {
			place: func(m *machine, rsdt, xsdt frame.MAddr) Root { return Root{Addr: m.add(rsdpV2(rsdt, rsdt))} }, rev: 2,
			warn: []string{"ACPI: XSDT: at 0x7fe00f0 there is something else (signature 0x54445352)"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			m, rsdt, xsdt := pc()
			tb := m.parse(t, c.place(m, rsdt, xsdt))
			assert.Equal(t, c.warn, texts(tb))
			assert.Equal(t, c.rev, tb.Revision)
			assert.Equal(t, []CPU{{0, 0}}, tb.CPUs())
			assert.True(t, tb.Power.HasS5)
		})
	}
}

func TestNoRoot(t *testing.T) {
	const none = "ACPI: no tables found; only the boot CPU is used, and the machine cannot be powered off"
	assert.Equal(t, []string{none}, texts(new(machine).parse(t, Root{})))

	// An EBDA pointer that leads nowhere sensible.
	for _, seg := range []uint16{0, 0x40, 0xa000, 0xffff} {
		m := new(machine)
		m.put(0x40e, le(seg))
		assert.Equal(t, []string{none}, texts(m.parse(t, Root{})))
	}

	m := new(machine)
	assert.Equal(t, []string{
		"ACPI: RSDT: at 0x1000, 36 bytes, is not in memory that can be read; it is ignored",
		"ACPI: no usable root table; only the boot CPU is used, and the machine cannot be powered off",
	}, texts(m.parse(t, Root{Copy: rsdpV1(0x1000)})))
	assert.Equal(t, []string{"ACPI: no usable root table; only the boot CPU is used, and the machine cannot be powered off"},
		texts(m.parse(t, Root{Copy: rsdpV1(0)})))
}
