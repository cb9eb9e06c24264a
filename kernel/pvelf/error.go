package pvelf

import "tuco/kernel/text"

// Code says why a kernel can't be started as a PV domain.
type Code uint8

const (
	_ Code = iota

	// It is not an ELF file of the right kind.
	Empty
	NotELF
	HeaderCut
	Not64
	NotX86
	NotProgram
	BadEntrySize
	TableCut

	// It is not a PV kernel.
	NoteCut
	TooManyNotes
	BadNumber
	NoNotes
	OnlyPVH
	WrongVersion
	WrongLoader
	FeatureLacking
	OffsetAlone
	HoleTooHigh

	// Its segments and addresses don't fit.
	SegmentCut
	SegmentSizes
	SegmentBelow
	SegmentFar
	SegmentsOverlap
	TooManySegments
	NoSegments
	AddressWraps
	Unaligned
	Outside

	numCodes
)

// Error is the first thing that is wrong; its zero value says that nothing is.
type Error struct {
	Code Code
	n    [3]uint64
	what string
	word []byte // text that is quoted; it lies in the file
}

// OK says that there is no error.
func (e *Error) OK() bool { return e.Code == 0 }

// messages: see text.Line.Template. What stands for itself follows, then the
// quoted word.
var messages = [numCodes]struct{ before, after string }{
	Empty:        {"the file is empty", ""},
	NotELF:       {"it is no ELF file but ", ": the hypervisor takes ELF only"},
	HeaderCut:    {"it is truncated: it has %d bytes, less than an ELF header", ""},
	Not64:        {"it is a 32-bit kernel; PV domains are 64-bit here", ""},
	NotX86:       {"it is not made for x86-64 but for machine %d (e_machine)", ""},
	NotProgram:   {"it is no program but an ELF file of type %d, as objects and modules are", ""},
	BadEntrySize: {"it is damaged: an entry of its program header table has %d bytes instead of %d", ""},
	TableCut:     {"it is truncated: its program header table of %d bytes at offset %d reaches beyond its end", ""},

	NoteCut:        {"it is damaged: the ELF note at offset %d reaches beyond its end", ""},
	TooManyNotes:   {"it has more than %d ELF notes", ""},
	BadNumber:      {"the Xen note ", " has %d bytes, but a number has 4 or 8"},
	NoNotes:        {"no Xen notes: the kernel is not built with PV support (CONFIG_XEN_PV)", ""},
	OnlyPVH:        {"its Xen notes are for a PVH domain only: the kernel is not built with PV support (CONFIG_XEN_PV)", ""},
	WrongVersion:   {"it is not built for version xen-3.0 of the ABI; its Xen note XEN_VERSION says ", ""},
	WrongLoader:    {"it needs a loader of its own, not the generic one; its Xen note LOADER says ", ""},
	FeatureLacking: {"it requires a feature that a PV domain does not have here: ", ""},
	OffsetAlone:    {"its Xen notes have a PADDR_OFFSET but no VIRT_BASE", ""},
	HoleTooHigh:    {"it leaves the hypervisor no addresses below %x (Xen note HV_START_LOW), but the hypervisor's begin at %x", ""},

	SegmentCut:      {"it is truncated: segment %d, with %d bytes at offset %d, reaches beyond its end", ""},
	SegmentSizes:    {"it is damaged: segment %d has %d bytes in the file but only %d in memory", ""},
	SegmentBelow:    {"segment %d has the physical address %x, which is below the PADDR_OFFSET %x of its Xen notes", ""},
	SegmentFar:      {"segment %d, at pseudo-physical address %x with %d bytes, is beyond the largest domain", ""},
	SegmentsOverlap: {"segment %d overlaps another one at pseudo-physical address %x", ""},
	TooManySegments: {"it has more than %d segments to be loaded", ""},
	NoSegments:      {"it has no segment to be loaded", ""},
	AddressWraps:    {"it is at VIRT_BASE %x and has %d bytes from there, beyond the end of the address space", ""},
	Unaligned:       {"the address in its Xen note ", " is %x, not the start of a page"},
	Outside:         {"its address of ", " is %x, but the kernel is from %x to %x"},
}

// Text writes the error into l and returns it: what to say about the kernel, without a
// final period.
func (e *Error) Text(l *text.Line) []byte {
	l.Reset()
	m := &messages[e.Code]
	if e.what == "" {
		l.Template(m.before, e.n[0], e.n[1], e.n[2])
	} else {
		l.Str(m.before).Str(e.what)
	}
	switch e.Code {
	case NotELF:
		if len(e.word) > 0 {
			l.Str(" that begins with ").Quote(e.word)
		}
	case WrongVersion, WrongLoader, FeatureLacking:
		l.Quote(e.word)
	}
	return l.Template(m.after, e.n[0], e.n[1], e.n[2]).Bytes()
}
