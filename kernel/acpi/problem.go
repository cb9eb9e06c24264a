package acpi

import "tuco/kernel/text"

// Code says what is wrong with the tables.
type Code uint8

const (
	_ Code = iota
	BadRSDPCopy
	BadRSDP
	HalfBadRSDP
	NoRSDP
	NoRootTable
	NoMADT
	NoFADT
	NoS5
	NoCPUs
	TableUnreadable
	TableSignature
	TableLength
	TablesTooLarge
	TableChecksum
	TableShort
	TooManyTables
	EntryUnreadable
	EntryLength
	EntryShort
	DuplicateCPU
	TooManyCPUs
	TooManyIOAPICs
	TooManyOverrides
	BadRegister
)

// messages has, for each code, what the log says; see text.Line.Template.
// The table's name, if there is one, stands before it.
var messages = [...]string{
	BadRSDPCopy:      "the loader's copy of the root pointer is broken",
	BadRSDP:          "no valid root pointer at %x, where the loader said",
	HalfBadRSDP:      "the second half of the root pointer is broken; the first is used",
	NoRSDP:           "no tables found; only the boot CPU is used, and the machine cannot be powered off",
	NoRootTable:      "no usable root table; only the boot CPU is used, and the machine cannot be powered off",
	NoMADT:           "no table of CPUs (MADT); only the boot CPU is used",
	NoFADT:           "no fixed table (FADT); the machine cannot be powered off",
	NoS5:             "no _S5_ in the DSDT or an SSDT; the machine cannot be powered off",
	NoCPUs:           "it names no enabled CPU; only the boot CPU is used",
	TableUnreadable:  "at %x, %d bytes, is not in memory that can be read; it is ignored",
	TableSignature:   "at %x there is something else (signature %x)",
	TableLength:      "at %x has the impossible length %d; it is ignored",
	TablesTooLarge:   "at %x, %d bytes: there are too many bytes of tables; it is ignored",
	TableChecksum:    "at %x, %d bytes, has a wrong checksum; it is ignored",
	TableShort:       "has %d bytes, less than the %d it must have; it is ignored",
	TooManyTables:    "names %d tables; only the first %d are looked at",
	EntryUnreadable:  "entry %d leads to %x, which cannot be read",
	EntryLength:      "the entry at offset %d has an impossible length; it and what follows is ignored",
	EntryShort:       "the entry at offset %d is too short for its type %d; it is ignored",
	DuplicateCPU:     "the CPU with APIC ID %d is named twice",
	TooManyCPUs:      "%d CPUs found; only the first %d are used",
	TooManyIOAPICs:   "I/O APIC %d is one more than the %d that fit; it is ignored",
	TooManyOverrides: "the interrupt override of IRQ %d is one more than the %d that fit; it is ignored",
	BadRegister:      "a register in address space %d at %x is impossible; it is ignored",
}

// Problem is one finding.
type Problem struct {
	Code Code
	sig  signature // the table it is about, or 0
	v    [2]uint64 // the numbers of its message
}

// Text writes the finding into l and returns it, without a final period.
func (p Problem) Text(l *text.Line) []byte {
	l.Reset().Str("ACPI: ")
	if p.sig != 0 {
		name := [4]byte{byte(p.sig), byte(p.sig >> 8), byte(p.sig >> 16), byte(p.sig >> 24)}
		l.Raw(name[:]).Str(": ")
	}
	if int(p.Code) < len(messages) {
		l.Template(messages[p.Code], p.v[0], p.v[1])
	}
	return l.Bytes()
}

const maxProblems = 24

func (t *Tables) problem(c Code, sig signature, a, b uint64) {
	if t.nProblems == maxProblems {
		t.dropped++
		return
	}
	t.problems[t.nProblems] = Problem{c, sig, [2]uint64{a, b}}
	t.nProblems++
}
