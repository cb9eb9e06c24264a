package boot

import (
	"encoding/binary"

	"tuco/kernel/frame"
)

// The structures of Xen's PVH start protocol, all little endian (public
// header xen/arch-x86/hvm/start_info.h).
const (
	startMagic = 0x336ec578

	startMagicOff   = 0  // uint32
	startVersion    = 4  // uint32
	startFlags      = 8  // uint32, not used
	startModules    = 12 // uint32, number of modules
	startModList    = 16 // uint64, address of hvm_modlist_entry[]
	startCmdLine    = 24 // uint64, address of a string, 0 if there is none
	startRSDP       = 32 // uint64, 0 if there is none
	startSizeV0     = 40
	startMemMap     = 40 // uint64, address of hvm_memmap_table_entry[]
	startMemEntries = 48 // uint32
	startSizeV1     = 56

	modEntrySize = 32 // address, size, address of its string, reserved: uint64 each
	memEntrySize = 24 // address, size: uint64; type, reserved: uint32
)

// maxPVHMap bounds the walk of the memory map. Entries past maxRaw still
// count, because they may forbid RAM.
const maxPVHMap = 4096

func (i *Info) parsePVH(mem Memory, start frame.MAddr) {
	b := mem(start, startSizeV0)
	if b == nil {
		i.fail(BadStart, uint64(start), startSizeV0, 0)
		return
	}
	le := binary.LittleEndian
	if magic := le.Uint32(b[startMagicOff:]); magic != startMagic {
		i.fail(BadMagic, uint64(start), uint64(magic), startMagic)
		return
	}
	version := le.Uint32(b[startVersion:])
	i.RSDP = frame.MAddr(le.Uint64(b[startRSDP:]))
	if a := le.Uint64(b[startCmdLine:]); a != 0 {
		i.pvhCmdLine(mem, frame.MAddr(a))
	}
	i.pvhModules(mem, le.Uint64(b[startModList:]), le.Uint32(b[startModules:]))

	// Version 0 has no memory map: its guests ask Xen by hypercall.
	if version == 0 {
		i.fail(NoMemoryMap, 0, 0, 0)
		return
	}
	b = mem(start, startSizeV1)
	if b == nil {
		i.fail(BadStart, uint64(start), startSizeV1, 0)
		return
	}
	i.pvhMap(mem, le.Uint64(b[startMemMap:]), le.Uint32(b[startMemEntries:]))
	if i.raw.n == 0 {
		i.fail(NoMemoryMap, 0, 0, 0)
	}
}

func (i *Info) pvhCmdLine(mem Memory, a frame.MAddr) {
	n, truncated, ok := copyString(i.cmdLine[:], mem, a)
	if !ok {
		i.warn(CmdLineUnreadable, uint64(a), 0, 0)
		return
	}
	i.setCmdLine(n, truncated)
}

func (i *Info) setCmdLine(n int, truncated bool) {
	i.nCmdLine, i.truncated = n, truncated
	if truncated {
		i.warn(CmdLineTruncated, CmdLineMax, 0, 0)
	}
}

func (i *Info) pvhModules(mem Memory, list uint64, count uint32) {
	if count > MaxModules {
		i.warn(TooManyModules, uint64(count), MaxModules, 0)
		count = MaxModules
	}
	le := binary.LittleEndian
	for k := range uint64(count) {
		b := entry(mem, list, k, modEntrySize)
		if b == nil {
			i.warn(ModuleListUnreadable, k, list+k*modEntrySize, 0)
			return
		}
		m := i.addModule(le.Uint64(b), le.Uint64(b[8:]))
		if a := le.Uint64(b[16:]); m != nil && a != 0 {
			n, truncated, ok := copyString(m.args[:], mem, frame.MAddr(a))
			switch {
			case !ok:
				i.warn(ModuleArgsUnreadable, k, a, 0)
				continue
			case truncated:
				i.warn(ModuleArgsTruncated, k, ModuleArgsMax, 0)
			}
			m.nArgs = n
		}
	}
}

func (i *Info) pvhMap(mem Memory, table uint64, count uint32) {
	if count > maxPVHMap {
		i.warn(TooManyRegions, uint64(count)-maxPVHMap, maxPVHMap, 0)
		count = maxPVHMap
	}
	le := binary.LittleEndian
	for k := range uint64(count) {
		b := entry(mem, table, k, memEntrySize)
		if b == nil {
			i.warn(MapEntryUnreadable, k, table+k*memEntrySize, 0)
			return
		}
		i.addRaw(int(k), le.Uint64(b), le.Uint64(b[8:]), Type(le.Uint32(b[16:])))
	}
}

// entry reads entry k of a table, nil if it is out of reach.
func entry(mem Memory, table, k, size uint64) []byte {
	a := table + k*size
	if table == 0 || a < table || a >= uint64(addrEnd) {
		return nil
	}
	return mem(frame.MAddr(a), size)
}
