// Package boot takes the machine over from the loader.
//
// Two loaders are served from the same image: one that speaks PVH (QEMU's
// -kernel, Xen) and one that speaks multiboot2 (GRUB). Both leave their
// words scattered over low memory, in their own formats. Parse copies all of
// it into one Info, and nothing of the loader's memory is looked at
// afterwards except the modules themselves. So low memory may be used as soon
// as Parse has returned.
//
// A loader is not trusted to be right: each address is checked before it is
// followed, each loop has a limit, each sum is checked for wrapping. What is
// wrong but can be lived with becomes a warning in Info.Problems; what
// cannot (no memory map) makes Info.Fatal say why.
package boot

import (
	"encoding/binary"

	"tuco/kernel/frame"
)

// Memory reads physical memory: n bytes at a, or nil if any of them cannot
// be read. The parsers only read what it returns.
type Memory = func(a frame.MAddr, n uint64) []byte

// Limits. What exceeds one is reported and left out.
const (
	CmdLineMax    = 4096 // bytes of the hypervisor's command line, without the NUL
	LoaderNameMax = 64   // bytes of the loader's name
	ModuleArgsMax = 256  // bytes of a module's string
	MaxModules    = 16
	MaxRegions    = 128 // pieces of the memory map after it was sorted out
)

// Protocol says how the image was entered.
type Protocol uint8

const (
	PVH        Protocol = iota // Xen's PVH start protocol; hvm_start_info in EBX
	Multiboot2                 // multiboot2; its information structure in EBX
)

// String is the protocol's usual name.
func (p Protocol) String() string {
	if p == Multiboot2 {
		return "multiboot2"
	}
	return "PVH"
}

// mbMagic is what multiboot2 has in EAX at the entry.
const mbMagic = 0x36d76289

// Detect says who entered the image, from EAX and EBX at the entry. PVH
// leaves EAX undefined, so what EBX points to decides where EAX does not rule
// multiboot2 out.
func Detect(mem Memory, magic uint64, start frame.MAddr) Protocol {
	if uint32(magic) != mbMagic {
		return PVH
	}
	if b := mem(start, 4); b != nil && binary.LittleEndian.Uint32(b) == startMagic {
		return PVH
	}
	return Multiboot2
}

// Range is the physical memory from Start up to, not including, End.
type Range struct{ Start, End frame.MAddr }

// Size is the number of bytes in the range.
func (r Range) Size() uint64 {
	if r.End <= r.Start {
		return 0
	}
	return uint64(r.End - r.Start)
}

func (r Range) overlaps(o Range) bool { return r.Start < o.End && o.Start < r.End }

// Info is everything the loader said. It is large (about 20 KiB): keep it in
// a package variable.
type Info struct {
	Protocol Protocol

	// RSDP is where the ACPI root is, by PVH; 0 if the loader did not say.
	// Multiboot2 gives a copy instead, see RSDPCopy.
	RSDP frame.MAddr

	regions  [MaxRegions]Region
	nRegions int
	modules  [MaxModules]Module
	nModules int
	problems [maxProblems]Problem
	nProblem int
	dropped  int
	fatal    Problem

	cmdLine   [CmdLineMax]byte
	nCmdLine  int
	truncated bool
	loader    [LoaderNameMax]byte
	nLoader   int
	rsdp      [rsdpMax]byte
	nRSDP     int

	raw rawMap
}

const rsdpMax = 36 // an ACPI 2.0 RSDP

// CmdLine is the hypervisor's command line. Truncated says that the
// loader's was longer than CmdLineMax.
func (i *Info) CmdLine() (line []byte, truncated bool) {
	return i.cmdLine[:i.nCmdLine], i.truncated
}

// Loader is the loader's name for itself, empty if it gave none.
func (i *Info) Loader() []byte { return i.loader[:i.nLoader] }

// RSDPCopy is the copy of the ACPI root that multiboot2 carries; empty if
// there was none.
func (i *Info) RSDPCopy() []byte { return i.rsdp[:i.nRSDP] }

// Regions is the memory map: sorted, not overlapping, neighbours of one
// type merged. RAM begins and ends at page boundaries. Memory that no region
// names is unknown: perhaps devices, never RAM.
func (i *Info) Regions() []Region { return i.regions[:i.nRegions] }

// Modules are the files that the loader put into memory, in its order,
// including those that must not be used (Module.Usable).
func (i *Info) Modules() []Module { return i.modules[:i.nModules] }

// Problems are the findings that deserve a warning. Dropped is how many more
// there were than fit.
func (i *Info) Problems() (list []Problem, dropped int) {
	return i.problems[:i.nProblem], i.dropped
}

// Fatal is the finding that makes a boot impossible, if there is one.
func (i *Info) Fatal() (Problem, bool) { return i.fatal, i.fatal.Code != 0 }

// RAM is the number of bytes of usable RAM.
func (i *Info) RAM() uint64 {
	var sum uint64
	for k := range i.Regions() {
		if i.regions[k].Type == RAM {
			sum += i.regions[k].Size()
		}
	}
	return sum
}

// IsRAM says whether all of r is RAM. An empty range is not.
func (i *Info) IsRAM(r Range) bool {
	if r.Size() == 0 {
		return false
	}
	for k := range i.Regions() {
		g := &i.regions[k]
		// Neighbouring RAM is merged, so one region must hold it all.
		if g.Type == RAM && g.Start <= r.Start && r.End <= g.End {
			return true
		}
	}
	return false
}

// Parse fills info from what the loader left at start. Image is the memory
// where this program lies (Handoff.Image): a module that overlaps it is
// refused. Afterwards look at Fatal, then at Problems.
func Parse(info *Info, mem Memory, p Protocol, start frame.MAddr, image Image) {
	*info = Info{} // in two steps: a literal would first be built on the stack
	info.Protocol = p
	switch p {
	case PVH:
		info.parsePVH(mem, start)
	case Multiboot2:
		info.parseMultiboot2(mem, start)
	}
	if info.fatal.Code != 0 {
		return
	}
	info.buildMap()
	if info.RAM() == 0 {
		info.fail(NoRAM, uint64(info.nRegions), 0, 0)
		return
	}
	info.checkModules(image)
}
