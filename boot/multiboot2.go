package boot

import (
	"encoding/binary"

	"tuco/kernel/frame"
)

// The multiboot2 information structure (Multiboot2 specification, "Boot
// information format"): a header of two uint32 (total size, reserved), then
// tags at multiples of 8 bytes, each with its type and its size (uint32 each;
// the size does not count the padding).
const (
	mbHeaderSize = 8
	mbTagHeader  = 8

	mbEnd       = 0
	mbCmdLine   = 1
	mbLoader    = 2
	mbModule    = 3
	mbBasicMem  = 4
	mbMemoryMap = 6
	mbRSDPOld   = 14
	mbRSDPNew   = 15

	// mbMaxSize bounds the structure. GRUB's has a few KiB; the tags we skip
	// (ELF sections, EFI's map) can be large.
	mbMaxSize = 1 << 20
)

func (i *Info) parseMultiboot2(mem Memory, start frame.MAddr) {
	le := binary.LittleEndian
	head := mem(start, mbHeaderSize)
	if head == nil {
		i.fail(BadStart, uint64(start), mbHeaderSize, 0)
		return
	}
	total := le.Uint32(head)
	var all []byte
	if total >= mbHeaderSize && total <= mbMaxSize {
		all = mem(start, uint64(total))
	}
	if all == nil {
		i.fail(BadStart, uint64(start), uint64(total), 0)
		return
	}

	var basic []byte
	modules := 0
	off := uint64(mbHeaderSize)
	for {
		if off+mbTagHeader > uint64(total) {
			i.warn(TagsUnended, off, 0, 0)
			break
		}
		typ, size := le.Uint32(all[off:]), uint64(le.Uint32(all[off+4:]))
		if typ == mbEnd {
			break
		}
		if size < mbTagHeader || size > uint64(total)-off {
			// Where the next one begins is anybody's guess.
			i.warn(TagSize, uint64(typ), off, size)
			break
		}
		body := all[off+mbTagHeader : off+size]
		switch typ {
		case mbCmdLine:
			n, truncated := copyText(i.cmdLine[:], body)
			i.setCmdLine(n, truncated)
		case mbLoader:
			i.nLoader, _ = copyText(i.loader[:], body)
		case mbModule:
			i.mbModule(body, modules, off, size)
			modules++
		case mbBasicMem:
			basic = body
		case mbMemoryMap:
			i.mbMap(body, off, size)
		case mbRSDPOld, mbRSDPNew:
			i.mbRSDP(typ, body)
		}
		off = (off + size + 7) &^ 7
	}
	if modules > MaxModules {
		i.warn(TooManyModules, uint64(modules), MaxModules, 0)
	}
	if i.raw.n == 0 {
		i.mbBasic(basic)
	}
}

// mbModule: start and end (uint32 each), then a string.
func (i *Info) mbModule(body []byte, index int, off, size uint64) {
	if len(body) < 8 {
		i.warn(TagBad, mbModule, off, size)
		return
	}
	start, end := binary.LittleEndian.Uint32(body), binary.LittleEndian.Uint32(body[4:])
	if end < start {
		// As a size it wraps, and is refused as such.
		i.addModule(uint64(start), uint64(end)-uint64(start))
		return
	}
	m := i.addModule(uint64(start), uint64(end-start))
	if m == nil {
		return
	}
	n, truncated := copyText(m.args[:], body[8:])
	m.nArgs = n
	if truncated {
		i.warn(ModuleArgsTruncated, uint64(index), ModuleArgsMax, 0)
	}
}

// mbMap: size of an entry and its version (uint32 each), then the entries:
// address, size (uint64 each), type, reserved (uint32 each). Entries may grow
// in later versions, so the given size counts.
func (i *Info) mbMap(body []byte, off, size uint64) {
	if len(body) < 8 {
		i.warn(TagBad, mbMemoryMap, off, size)
		return
	}
	le := binary.LittleEndian
	each := uint64(le.Uint32(body))
	if each < memEntrySize {
		i.warn(MapEntrySize, each, 0, 0)
		return
	}
	body = body[8:]
	for k := 0; uint64(len(body)) >= each; k++ {
		i.addRaw(k, le.Uint64(body), le.Uint64(body[8:]), Type(le.Uint32(body[16:])))
		body = body[each:]
	}
}

// mbBasic makes do with the two sizes in KiB (below 1 MiB, above it up to
// the first hole) when there is no map. Only the part above 1 MiB is taken:
// below lie the firmware's data, and nothing says where.
func (i *Info) mbBasic(body []byte) {
	if len(body) < 8 {
		i.fail(NoMemoryMap, 0, 0, 0)
		return
	}
	upper := uint64(binary.LittleEndian.Uint32(body[4:])) << 10
	if upper == 0 {
		i.fail(NoMemoryMap, 0, 0, 0)
		return
	}
	i.warn(MapFromSizes, upper, 0, 0)
	i.addRaw(0, 1<<20, upper, RAM)
}

// mbRSDP keeps the copy of the ACPI root. The new form is preferred, in
// whatever order the tags come.
func (i *Info) mbRSDP(typ uint32, body []byte) {
	want := 20
	if typ == mbRSDPNew {
		want = rsdpMax
	}
	if len(body) < want {
		i.warn(RSDPSize, uint64(typ), uint64(len(body)), 0)
		return
	}
	if want > i.nRSDP {
		i.nRSDP = copy(i.rsdp[:], body[:want])
	}
}
