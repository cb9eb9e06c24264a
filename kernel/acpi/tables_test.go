package acpi

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/frame"
)

func TestPC(t *testing.T) {
	m := new(machine)
	dsdt := m.add(table("DSDT", "some AML", s5AML, "more"))
	tables := []frame.MAddr{
		m.add(pcFADT(dsdt)),
		m.add(madt(lapic(0, 0, 1), lapic(1, 1, 1), lapic(2, 2, 0), lapic(3, 3, 2), ioapic(0, 0xfec00000, 0),
			override(0, 2, 0), override(9, 9, 0xd), override(11, 11, 0xf), le(uint8(4), uint8(6), uint8(0xff), uint16(0), uint8(1)))),
		m.add(table("HPET", uint32(0x8086a201), gas(SpaceMemory, 0, 0xfed00000), uint8(0))),
		m.add(table("WAET", uint32(0))),
	}
	tb := m.parse(t, Root{Copy: rsdpV1(m.add(rsdtOf(tables...)))})
	require.Empty(t, texts(tb))
	assert.Equal(t, []CPU{{APICID: 0, UID: 0}, {APICID: 1, UID: 1}}, tb.CPUs())
	assert.Equal(t, 2, tb.CPUsFound)
	assert.Equal(t, 1, tb.CPUsPluggable)
	assert.Equal(t, frame.MAddr(0xfee00000), tb.LAPIC)
	assert.True(t, tb.LegacyPICs)
	assert.Equal(t, []IOAPIC{{0, 0xfec00000, 0}}, tb.IOAPICs())
	assert.Equal(t, []Override{{0, 2, false, false}, {9, 9, false, true}, {11, 11, true, true}}, tb.Overrides())
	assert.Equal(t, frame.MAddr(0xfed00000), tb.HPET)
	assert.Equal(t, Power{
		PM1aControl: Register{SpaceIO, 16, 0x604},
		HasS5:       true,
		SMICommand:  0xb2, ACPIEnable: 0xf1,
		Timer: Register{SpaceIO, 32, 0x608}, TimerBits: 32,
		SCI: 9,
	}, tb.Power)
}

func TestX2APIC(t *testing.T) {
	tb := parse(t, madt(
		lapic(0, 0, 1), lapic(1, 255, 1), x2apic(0, 0, 1), x2apic(7, 300, 1), x2apic(8, 0xffffffff, 1), lapic(2, 4, 1), lapic(3, 4, 1),
		le(uint8(5), uint8(12), uint16(0), uint64(0x1_fee0_0000)),
		ioapic(1, 0xfec00000, 0), ioapic(1, 0xfec00000, 0), ioapic(2, 0xfec01000, 24), ioapic(3, 0, 48),
	), pcFADT(0))
	assert.Equal(t, []CPU{{0, 0}, {300, 7}, {4, 2}}, tb.CPUs())
	assert.Equal(t, frame.MAddr(0x1_fee0_0000), tb.LAPIC)
	assert.Equal(t, []IOAPIC{{1, 0xfec00000, 0}, {2, 0xfec01000, 24}}, tb.IOAPICs())
	assert.Equal(t, []string{
		"ACPI: APIC: the CPU with APIC ID 0 is named twice",
		"ACPI: APIC: the CPU with APIC ID 4 is named twice",
		"ACPI: no _S5_ in the DSDT or an SSDT; the machine cannot be powered off",
	}, texts(tb))
}

func TestManyCPUs(t *testing.T) {
	var e [][]byte
	for k := range 40 {
		e = append(e, lapic(uint8(k), uint8(k*2), 1))
	}
	tb := parse(t, madt(e...))
	assert.Len(t, tb.CPUs(), MaxCPUs)
	assert.Equal(t, 40, tb.CPUsFound)
	assert.Contains(t, texts(tb), "ACPI: 40 CPUs found; only the first 32 are used")
}

func TestManyControllers(t *testing.T) {
	var e [][]byte
	for k := range 30 {
		e = append(e, ioapic(uint8(k), uint32(k+1)<<12, 0), override(uint8(k), 0, 0))
	}
	tb := parse(t, madt(append(e, lapic(0, 0, 1))...))
	assert.Len(t, tb.IOAPICs(), MaxIOAPICs)
	assert.Len(t, tb.Overrides(), MaxOverrides)
	assert.Contains(t, texts(tb), "ACPI: APIC: I/O APIC 16 is one more than the 16 that fit; it is ignored")
	assert.Contains(t, texts(tb), "ACPI: APIC: the interrupt override of IRQ 24 is one more than the 24 that fit; it is ignored")
}

func TestBrokenMADT(t *testing.T) {
	const noCPU = "ACPI: APIC: it names no enabled CPU; only the boot CPU is used"
	for name, c := range map[string]struct {
		b    []byte
		cpus int
		want []string
	}{
		"empty": {madt(), 0, []string{noCPU}},
		"short": {table("APIC", uint32(0)), 0, []string{"ACPI: APIC: has 40 bytes, less than the 44 it must have; it is ignored"}},
		"an entry of length 0": {
			madt(lapic(0, 0, 1), le(uint8(0), uint8(0)), lapic(1, 1, 1)), 1,
			[]string{"ACPI: APIC: the entry at offset 52 has an impossible length; it and what follows is ignored"},
		},
		"an entry of length 1": {
			madt(le(uint8(0), uint8(1), uint8(0))), 0,
			[]string{"ACPI: APIC: the entry at offset 44 has an impossible length; it and what follows is ignored", noCPU},
		},
		"an entry beyond the end": {
			madt(lapic(0, 0, 1), le(uint8(0), uint8(8), uint8(0))), 1,
			[]string{"ACPI: APIC: the entry at offset 52 has an impossible length; it and what follows is ignored"},
		},
		"an entry shorter than its type": {
			madt(le(uint8(9), uint8(8), make([]byte, 6)), lapic(0, 0, 1)), 1,
			[]string{"ACPI: APIC: the entry at offset 44 is too short for its type 9; it is ignored"},
		},
		"one odd byte": {
			madt(lapic(0, 0, 1), le(uint8(0))), 1,
			[]string{"ACPI: APIC: the entry at offset 52 has an impossible length; it and what follows is ignored"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			tb := parse(t, c.b)
			assert.Equal(t, append(c.want, "ACPI: no fixed table (FADT); the machine cannot be powered off"), texts(tb))
			assert.Len(t, tb.CPUs(), c.cpus)
		})
	}
}

func TestFADTWithLongForms(t *testing.T) {
	m := new(machine)
	dsdt := m.add(table("DSDT", s5AML))
	f := fadt(276, func(b []byte) {
		put(b, fadtDSDT, uint32(0x1234)) // not there: the long form counts
		put(b, fadtXDSDT, uint64(dsdt))
		put(b, fadtPM1aControl, uint32(0x1804))
		put(b, fadtXPM1aControl, gas(SpaceIO, 16, 0x604))
		put(b, fadtPM1bControl, uint32(0x1904))
		put(b, fadtTimerLength, uint8(4))
		put(b, fadtXTimer, gas(SpaceIO, 32, 0x608))
		put(b, fadtFlags, uint32(flagReset))
		put(b, fadtResetReg, gas(SpaceIO, 8, 0xcf9), uint8(6))
	})
	tb := m.parse(t, Root{Copy: rsdpV2(0, m.add(xsdtOf(m.add(f), m.add(madt(lapic(0, 0, 1))))))})
	require.Empty(t, texts(tb))
	assert.Equal(t, Power{
		PM1aControl: Register{SpaceIO, 16, 0x604}, PM1bControl: Register{SpaceIO, 16, 0x1904},
		HasS5: true, Reset: Register{SpaceIO, 8, 0xcf9}, ResetValue: 6,
		Timer: Register{SpaceIO, 32, 0x608}, TimerBits: 24,
	}, tb.Power)
}

func TestFADTHardwareReduced(t *testing.T) {
	tb := parse(t, madt(lapic(0, 0, 1)), fadt(276, func(b []byte) {
		put(b, fadtPM1aControl, uint32(0x604))
		put(b, fadtFlags, uint32(flagHWReduced|flagReset))
		put(b, fadtResetReg, gas(SpacePCI, 8, 0x1f_0002_0040), uint8(1))
		put(b, fadtSleepControl, gas(SpaceMemory, 8, 0xfed40000))
	}))
	assert.False(t, tb.Power.PM1aControl.Exists())
	assert.Equal(t, Register{SpaceMemory, 8, 0xfed40000}, tb.Power.SleepControl)
	dev, fn, off := tb.Power.Reset.PCI()
	assert.Equal(t, []any{uint8(0x1f), uint8(2), uint16(0x40)}, []any{dev, fn, off})
}

func TestFADTGarbage(t *testing.T) {
	tb := parse(t, madt(lapic(0, 0, 1)), fadt(276, func(b []byte) {
		for k := headerSize; k < len(b); k++ {
			b[k] = 0xff
		}
	}))
	assert.Equal(t, []string{
		"ACPI: FACP: a register in address space 255 at 0xffffffffffffffff is impossible; it is ignored",
		"ACPI: FACP: a register in address space 255 at 0xffffffffffffffff is impossible; it is ignored",
		"ACPI: DSDT: at 0xffffffffffffffff, 36 bytes, is not in memory that can be read; it is ignored",
		"ACPI: no _S5_ in the DSDT or an SSDT; the machine cannot be powered off",
	}, texts(tb))
	assert.Zero(t, tb.Power.SMICommand)

	tb = parse(t, madt(lapic(0, 0, 1)), table("FACP", make([]byte, 70)))
	assert.Equal(t, []string{
		"ACPI: FACP: has 106 bytes, less than the 116 it must have; it is ignored",
		"ACPI: no _S5_ in the DSDT or an SSDT; the machine cannot be powered off",
	}, texts(tb))

	tb = parse(t, madt(lapic(0, 0, 1)), fadt(fadtSizeV1, func(b []byte) { put(b, fadtPM1aControl, uint32(0x10604)) }))
	assert.Contains(t, texts(tb), "ACPI: FACP: a register in address space 1 at 0x10604 is impossible; it is ignored")
}

func TestS5(t *testing.T) {
	def := func(v ...any) []byte { return le(append([]any{uint8(amlName), "_S5_", uint8(amlPackage)}, v...)...) }
	for name, c := range map[string]struct {
		aml  []byte
		ok   bool
		a, b uint8
	}{
		"zeroes":                       {aml: s5AML, ok: true},
		"bytes":                        {aml: def(uint8(8), uint8(4), uint8(amlByte), uint8(5), uint8(amlByte), uint8(6), uint8(0), uint8(0)), ok: true, a: 5, b: 6},
		"one and zero":                 {aml: def(uint8(6), uint8(2), uint8(amlOne), uint8(amlZero)), ok: true, a: 1},
		"words":                        {aml: def(uint8(8), uint8(2), uint8(amlWord), uint16(7), uint8(amlDWord), uint32(3)), ok: true, a: 7, b: 3},
		"a length of two bytes":        {aml: def(uint8(0x48), uint8(0), uint8(2), uint8(amlByte), uint8(5), uint8(amlByte), uint8(6)), ok: true, a: 5, b: 6},
		"one element":                  {aml: def(uint8(3), uint8(1), uint8(amlByte), uint8(2)), ok: true, a: 2},
		"in the root's name":           {aml: append(le(uint8(amlName), `\`), s5AML[1:]...), ok: true},
		"behind a mere mention":        {aml: append(le("x_S5_x", uint8(amlName), "_S5_"), s5AML...), ok: true},
		"no package":                   {aml: le(uint8(amlName), "_S5_", uint8(amlByte), uint8(5))},
		"no name":                      {aml: s5AML[1:]},
		"no elements":                  {aml: def(uint8(2), uint8(0), uint8(amlByte), uint8(2))},
		"a method call in the package": {aml: def(uint8(6), uint8(2), "FOO_")},
		"an impossible sleep type":     {aml: def(uint8(6), uint8(2), uint8(amlByte), uint8(8), uint8(0))},
		"cut behind the name":          {aml: le(uint8(amlName), "_S5_")},
		"cut in the length":            {aml: def(uint8(0xc0), uint8(0), uint8(0))},
		"cut in a number":              {aml: def(uint8(6), uint8(2), uint8(amlDWord), uint16(3))},
	} {
		t.Run(name, func(t *testing.T) {
			for _, in := range []string{"DSDT", "SSDT"} {
				m := new(machine)
				at := []frame.MAddr{m.add(madt(lapic(0, 0, 1)))}
				if in == "DSDT" {
					at = append(at, m.add(pcFADT(m.add(table(in, c.aml)))))
				} else {
					at = append(at, m.add(pcFADT(m.add(table("DSDT", "nothing")))), m.add(table("SSDT", "nor here")), m.add(table(in, c.aml)))
				}
				tb := m.parse(t, Root{Copy: rsdpV2(0, m.add(xsdtOf(at...)))})
				assert.Equal(t, c.ok, tb.Power.HasS5)
				assert.Equal(t, c.a, tb.Power.SleepA)
				assert.Equal(t, c.b, tb.Power.SleepB)
			}
		})
	}
}

func TestBrokenTables(t *testing.T) {
	m := new(machine)
	sumOff := madt(lapic(0, 0, 1))
	sumOff[headerSize]++
	short := table("HPET", make([]byte, 20))
	put(short, lengthOff, uint32(10))
	long := pcFADT(0)
	put(long, lengthOff, uint32(0xfffffff0))
	at := []frame.MAddr{0, m.add(sumOff), m.add(short), m.add(long), 0x1000, 0xffff_ffff_ffff_fff0}
	root := m.next // the root names itself, too
	at = append(at, root)
	require.Equal(t, root, m.add(xsdtOf(at...)))
	tb := m.parse(t, Root{Copy: rsdpV2(0, root)})
	assert.Equal(t, []string{
		"ACPI: XSDT: entry 4 leads to 0x1000, which cannot be read",
		"ACPI: XSDT: entry 5 leads to 0xfffffffffffffff0, which cannot be read",
		"ACPI: APIC: at 0x7fe0000, 52 bytes, has a wrong checksum; it is ignored",
		"ACPI: FACP: at 0x7fe0080 has the impossible length 4294967280; it is ignored",
		"ACPI: HPET: at 0x7fe0040 has the impossible length 10; it is ignored",
	}, texts(tb))
	assert.Empty(t, tb.CPUs())
}

func TestTooManyTables(t *testing.T) {
	m := new(machine)
	ssdt := m.add(table("SSDT", "x"))
	at := make([]frame.MAddr, 1000)
	for k := range at {
		at[k] = ssdt
	}
	at[maxEntries] = m.add(madt(lapic(0, 0, 1)))
	at[3] = m.add(pcFADT(m.add(table("DSDT", "y"))))
	tb := m.parse(t, Root{Copy: rsdpV2(0, m.add(xsdtOf(at...)))})
	assert.Equal(t, []string{
		"ACPI: XSDT: names 1000 tables; only the first 256 are looked at",
		"ACPI: no table of CPUs (MADT); only the boot CPU is used",
		"ACPI: no _S5_ in the DSDT or an SSDT; the machine cannot be powered off",
	}, texts(tb))
}

func TestBytesLookedAtAreBounded(t *testing.T) {
	m := new(machine)
	ssdt := m.add(table("SSDT", make([]byte, maxTable-headerSize)))
	at := []frame.MAddr{ssdt, ssdt, ssdt, ssdt, ssdt, m.add(pcFADT(0))}
	tb := m.parse(t, Root{Copy: rsdpV2(0, m.add(xsdtOf(at...)))})
	assert.Contains(t, texts(tb), "ACPI: SSDT: at 0x7fe0000, 4194304 bytes: there are too many bytes of tables; it is ignored")
}

func TestProblemsAreBounded(t *testing.T) {
	at := make([]frame.MAddr, 100)
	for k := range at {
		at[k] = 0x1000
	}
	m := new(machine)
	tb := m.parse(t, Root{Copy: rsdpV2(0, m.add(xsdtOf(at...)))})
	list, dropped := tb.Problems()
	assert.Len(t, list, maxProblems)
	assert.Equal(t, 102-maxProblems, dropped)
}

// FuzzTables lets the fuzzer write the body of each table; lengths and
// checksums are made right, or nothing of it would be looked at.
func FuzzTables(f *testing.F) {
	m := madt(lapic(0, 0, 1), x2apic(1, 256, 1), ioapic(0, 0xfec00000, 0), override(0, 2, 0xf))
	f.Add(m[headerSize:], pcFADT(0)[headerSize:], s5AML, uint32(0))
	f.Add([]byte{}, fadt(276, func(b []byte) { put(b, fadtFlags, uint32(flagReset)) })[headerSize:], []byte("_S5_"), uint32(0xffffffff))
	f.Fuzz(func(t *testing.T, madtBody, fadtBody, aml []byte, hpetLength uint32) {
		m := new(machine)
		dsdt := m.add(table("DSDT", aml))
		fb := table("FACP", fadtBody)
		if len(fb) > fadtDSDT+4 {
			put(fb, fadtDSDT, uint32(dsdt))
			fix(fb, 9)
		}
		hpet := table("HPET", aml)
		put(hpet, lengthOff, hpetLength)
		m.parse(t, Root{Copy: rsdpV2(0, m.add(xsdtOf(m.add(table("APIC", madtBody)), m.add(fb), m.add(hpet), m.add(table("SSDT", aml)))))})
	})
}

// FuzzMemory makes all of memory the fuzzer's.
func FuzzMemory(f *testing.F) {
	m, rsdt, xsdt := pc()
	m.put(0x7fe0400, rsdpV2(rsdt, xsdt))
	flat := make([]byte, 0x500)
	for _, p := range m.pieces {
		copy(flat[p.at-0x7fe0000:], p.b)
	}
	f.Add(flat, uint32(0x400))
	f.Fuzz(func(t *testing.T, b []byte, at uint32) {
		m := new(machine)
		m.put(0x7fe0000, b)
		m.parse(t, Root{Addr: 0x7fe0000 + frame.MAddr(at)})
	})
}
