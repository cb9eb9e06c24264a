// Package acpi reads from the firmware's ACPI tables what a hypervisor
// without drivers needs: the CPUs, the interrupt controllers, the power
// management timer, and how to power off and to reset.
//
// It is a parser only: memory is read through a function, nothing is
// written, and no AML is run. Firmware is often wrong and may be hostile, so
// each length is checked against the table, each table against its checksum,
// and the number of tables and of bytes that are looked at is bounded. A
// table that fails is left out, and a Problem says so. The worst that bad
// tables cause is a machine with one CPU that cannot power off.
//
// Sources: the ACPI specification, sections "Root System Description Pointer
// (RSDP)", "Multiple APIC Description Table (MADT)", "Fixed ACPI Description
// Table (FADT)", "\_Sx (System States)" and "AML Byte Stream Byte Values"; and
// the IA-PC HPET specification, "HPET Description Table".
package acpi

import "tuco/kernel/frame"

// Memory reads physical memory: n bytes at a, or nil if any of them cannot
// be read. The parser only reads what it returns.
type Memory = func(a frame.MAddr, n uint64) []byte

// Limits. What exceeds one is counted or reported, and left out.
const (
	MaxCPUs      = 32
	MaxIOAPICs   = 16
	MaxOverrides = 24
)

// Tables is what the firmware says. Keep it in a package variable.
type Tables struct {
	// Revision is the RSDP's: 0 is ACPI 1.0, 2 any later one.
	Revision uint8

	// LAPIC is where the local APICs' registers are, in xAPIC mode.
	LAPIC frame.MAddr
	// LegacyPICs says that the machine has two 8259s, which must be masked.
	LegacyPICs bool
	// CPUsFound is how many CPUs are enabled, also those beyond MaxCPUs;
	// CPUsPluggable how many more could be added while the machine runs.
	CPUsFound, CPUsPluggable int

	Power Power
	// HPET is the address of the high precision event timer, 0 if there is none.
	HPET frame.MAddr

	cpus       [MaxCPUs]CPU
	nCPUs      int
	ioapics    [MaxIOAPICs]IOAPIC
	nIOAPICs   int
	overrides  [MaxOverrides]Override
	nOverrides int
	problems   [maxProblems]Problem
	nProblems  int
	dropped    int

	budget uint64 // bytes that may still be looked at
}

// CPU is a processor that can be started.
type CPU struct {
	APICID uint32
	UID    uint32 // its name in AML
}

// IOAPIC is an interrupt controller; its inputs count from GSIBase.
type IOAPIC struct {
	ID      uint8
	Addr    frame.MAddr
	GSIBase uint32
}

// Override says that an ISA interrupt is not on the input of its own number,
// or not edge-triggered and active high.
type Override struct {
	IRQ       uint8
	GSI       uint32
	ActiveLow bool
	Level     bool
}

// CPUs are the enabled processors in the firmware's order, each APIC ID
// once. None: the firmware did not say, use the CPU that runs.
func (t *Tables) CPUs() []CPU { return t.cpus[:t.nCPUs] }

// IOAPICs are the interrupt controllers.
func (t *Tables) IOAPICs() []IOAPIC { return t.ioapics[:t.nIOAPICs] }

// Overrides are the ISA interrupts that differ from the convention.
func (t *Tables) Overrides() []Override { return t.overrides[:t.nOverrides] }

// Problems are the findings that deserve a warning. Dropped is how many more
// there were than fit.
func (t *Tables) Problems() (list []Problem, dropped int) {
	return t.problems[:t.nProblems], t.dropped
}

// Parse fills t. Without any table, or with broken ones, t says what could
// be found out.
func Parse(t *Tables, mem Memory, root Root) {
	*t = Tables{}
	t.budget = maxLookedAt
	r, ok := t.findRoot(mem, root)
	if !ok {
		t.problem(NoRSDP, 0, 0, 0)
		return
	}
	if r.halfBad {
		t.problem(HalfBadRSDP, 0, 0, 0)
	}
	t.Revision = r.revision
	var found tableSet
	switch {
	case r.xsdt != 0 && t.walk(mem, r.xsdt, sigXSDT, 8, &found):
	case r.rsdt != 0 && t.walk(mem, r.rsdt, sigRSDT, 4, &found):
	default:
		t.problem(NoRootTable, 0, 0, 0)
		return
	}
	if found.madt == 0 {
		t.problem(NoMADT, 0, 0, 0)
	} else if b := t.table(mem, found.madt, sigMADT); b != nil {
		t.parseMADT(b)
	}
	if found.fadt == 0 {
		t.problem(NoFADT, 0, 0, 0)
	} else if b := t.table(mem, found.fadt, sigFADT); b != nil {
		dsdt := t.parseFADT(b)
		t.findS5(mem, dsdt, &found)
	}
	if found.hpet != 0 {
		if b := t.table(mem, found.hpet, sigHPET); b != nil {
			t.parseHPET(b)
		}
	}
}
