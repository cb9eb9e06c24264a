package acpi

import (
	"encoding/binary"

	"tuco/kernel/frame"
)

// The MADT: the header, the local APICs' address (uint32 at 36), flags
// (uint32 at 40), then entries of one byte type, one byte length, and data.
const (
	madtLAPIC   = 36
	madtFlags   = 40
	madtEntries = 44

	madtPCATCompat = 1 << 0 // flags: there are 8259s

	madtTypeLAPIC    = 0
	madtTypeIOAPIC   = 1
	madtTypeOverride = 2
	madtTypeLAPICAt  = 5
	madtTypeX2APIC   = 9

	cpuEnabled       = 1 << 0
	cpuOnlineCapable = 1 << 1
)

// madtSize is the least length of the entries that are read; 0: not read.
func madtSize(typ uint8) int {
	switch typ {
	case madtTypeLAPIC:
		return 8
	case madtTypeIOAPIC, madtTypeLAPICAt:
		return 12
	case madtTypeOverride:
		return 10
	case madtTypeX2APIC:
		return 16
	}
	return 0
}

func (t *Tables) parseMADT(b []byte) {
	if len(b) < madtEntries {
		t.problem(TableShort, sigMADT, uint64(len(b)), madtEntries)
		return
	}
	le := binary.LittleEndian
	t.LAPIC = frame.MAddr(le.Uint32(b[madtLAPIC:]))
	t.LegacyPICs = le.Uint32(b[madtFlags:])&madtPCATCompat != 0
	for off := madtEntries; off < len(b); {
		rest := b[off:]
		if len(rest) < 2 || rest[1] < 2 || int(rest[1]) > len(rest) {
			// Where the next entry begins is anybody's guess.
			t.problem(EntryLength, sigMADT, uint64(off), 0)
			break
		}
		typ, e := rest[0], rest[:rest[1]]
		if len(e) < madtSize(typ) {
			t.problem(EntryShort, sigMADT, uint64(off), uint64(typ))
		} else {
			t.madtEntry(typ, e)
		}
		off += len(e)
	}
	if t.CPUsFound > MaxCPUs {
		t.problem(TooManyCPUs, 0, uint64(t.CPUsFound), MaxCPUs)
	}
	if t.nCPUs == 0 {
		t.problem(NoCPUs, sigMADT, 0, 0)
	}
}

func (t *Tables) madtEntry(typ uint8, e []byte) {
	le := binary.LittleEndian
	switch typ {
	case madtTypeLAPIC:
		// 255 is the broadcast address: no CPU has it, and firmware marks
		// entries by it that are described as x2APIC ones.
		if e[3] != 0xff {
			t.addCPU(CPU{APICID: uint32(e[3]), UID: uint32(e[2])}, le.Uint32(e[4:]))
		}
	case madtTypeX2APIC:
		if id := le.Uint32(e[4:]); id != 0xffff_ffff {
			t.addCPU(CPU{APICID: id, UID: le.Uint32(e[12:])}, le.Uint32(e[8:]))
		}
	case madtTypeIOAPIC:
		t.addIOAPIC(IOAPIC{ID: e[2], Addr: frame.MAddr(le.Uint32(e[4:])), GSIBase: le.Uint32(e[8:])})
	case madtTypeOverride:
		t.addOverride(e[3], le.Uint32(e[4:]), le.Uint16(e[8:]))
	case madtTypeLAPICAt:
		t.LAPIC = frame.MAddr(le.Uint64(e[4:]))
	}
}

func (t *Tables) addCPU(c CPU, flags uint32) {
	if flags&cpuEnabled == 0 {
		if flags&cpuOnlineCapable != 0 {
			t.CPUsPluggable++
		}
		return
	}
	for k := range t.CPUs() {
		if t.cpus[k].APICID == c.APICID {
			t.problem(DuplicateCPU, sigMADT, uint64(c.APICID), 0)
			return
		}
	}
	t.CPUsFound++
	if t.nCPUs < MaxCPUs {
		t.cpus[t.nCPUs] = c
		t.nCPUs++
	}
}

func (t *Tables) addIOAPIC(a IOAPIC) {
	for k := range t.IOAPICs() {
		if t.ioapics[k].Addr == a.Addr {
			return
		}
	}
	if a.Addr == 0 {
		return
	}
	if t.nIOAPICs == MaxIOAPICs {
		t.problem(TooManyIOAPICs, sigMADT, uint64(a.ID), MaxIOAPICs)
		return
	}
	t.ioapics[t.nIOAPICs] = a
	t.nIOAPICs++
}

// addOverride decodes the flags: polarity in bits 0-1, trigger in bits 2-3,
// each 0 for the bus's own (ISA: high, edge), 1 for high or edge, 3 for low
// or level.
func (t *Tables) addOverride(irq uint8, gsi uint32, flags uint16) {
	if t.nOverrides == MaxOverrides {
		t.problem(TooManyOverrides, sigMADT, uint64(irq), MaxOverrides)
		return
	}
	t.overrides[t.nOverrides] = Override{IRQ: irq, GSI: gsi, ActiveLow: flags&3 == 3, Level: flags>>2&3 == 3}
	t.nOverrides++
}
