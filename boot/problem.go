package boot

import "tuco/kernel/text"

// Code says what is wrong with the loader's information.
type Code uint8

const (
	_ Code = iota

	// These end the boot.
	BadStart    // the structure cannot be read at all
	BadMagic    // it is not what the protocol promises
	NoMemoryMap // there is no memory map
	NoRAM       // there is one, without a page of RAM in it

	// These are warnings.
	CmdLineTruncated
	CmdLineUnreadable
	MapFromSizes
	RegionBeyondEnd
	MapEntryUnreadable
	MapEntrySize
	TooManyRegions
	ModuleListUnreadable
	TooManyModules
	ModuleEmpty
	ModuleWraps
	ModuleOutsideRAM
	ModuleOverImage
	ModuleOverModule
	ModuleArgsTruncated
	ModuleArgsUnreadable
	TagBad
	TagSize
	TagsUnended
	RSDPSize
)

// messages has, for each code, what the log says; see text.Line.Template.
var messages = [...]string{
	BadStart:    "the loader's information at %x (%d bytes) is not in memory that can be read",
	BadMagic:    "the loader's information at %x begins with %x instead of %x (QEMU overwrites it if the command line is longer than 4095 bytes)",
	NoMemoryMap: "the loader gave no memory map; boot by a loader that does, such as QEMU's -kernel or GRUB's multiboot2",
	NoRAM:       "no usable RAM in the loader's memory map of %d regions",

	CmdLineTruncated:     "the command line is longer than %d bytes; the rest is ignored",
	CmdLineUnreadable:    "the command line at %x is not in memory that can be read; it is ignored",
	MapFromSizes:         "the loader gave no memory map, only sizes; %s of RAM above 1 MiB is taken",
	RegionBeyondEnd:      "memory map entry %d (%x, %x bytes) wraps or ends beyond physical memory; it is ignored",
	MapEntryUnreadable:   "memory map entry %d at %x is not in memory that can be read; it and what follows is ignored",
	MapEntrySize:         "memory map entries of %d bytes are too short; the map is ignored",
	TooManyRegions:       "memory map: %d entries more than the %d that fit; RAM in them is not used",
	ModuleListUnreadable: "the entry of module %d at %x is not in memory that can be read; it and what follows is ignored",
	TooManyModules:       "%d modules given; only the first %d are used",
	ModuleEmpty:          "module %d at %x is empty; it is ignored",
	ModuleWraps:          "module %d (%x, %x bytes) ends beyond physical memory; it is ignored",
	ModuleOutsideRAM:     "module %d (%x, %x bytes) is not in RAM; it is ignored",
	ModuleOverImage:      "module %d (%x, %x bytes) overlaps the hypervisor's image; it is ignored",
	ModuleOverModule:     "module %d at %x overlaps module %d; it is ignored",
	ModuleArgsTruncated:  "the string of module %d is longer than %d bytes; the rest is ignored",
	ModuleArgsUnreadable: "the string of module %d at %x is not in memory that can be read; it is ignored",
	TagBad:               "multiboot2: tag of type %d at offset %x has the impossible size %d; it is ignored",
	TagSize:              "multiboot2: tag of type %d at offset %x has the impossible size %d; it and what follows is ignored",
	TagsUnended:          "multiboot2: the tags have no end tag by offset %x",
	RSDPSize:             "multiboot2: the ACPI root in a tag of type %d has %d bytes; it is ignored",
}

// Problem is one finding. V holds the numbers of its message.
type Problem struct {
	Code Code
	V    [3]uint64
}

// Text writes the finding into l and returns it, without a final period.
func (p Problem) Text(l *text.Line) []byte {
	l.Reset()
	if int(p.Code) < len(messages) {
		l.Template(messages[p.Code], p.V[0], p.V[1], p.V[2])
	}
	return l.Bytes()
}

const maxProblems = 24

func (i *Info) warn(c Code, a, b, d uint64) {
	if i.nProblem == maxProblems {
		i.dropped++
		return
	}
	i.problems[i.nProblem] = Problem{c, [3]uint64{a, b, d}}
	i.nProblem++
}

// fail notes the first finding that ends the boot.
func (i *Info) fail(c Code, a, b, d uint64) {
	if i.fatal.Code == 0 {
		i.fatal = Problem{c, [3]uint64{a, b, d}}
	}
}
