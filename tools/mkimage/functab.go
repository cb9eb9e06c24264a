package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// The Go linker describes each function for backtraces: names, files, lines, stack depths, inlined
// calls. kernel/symtab reads these tables, and its documentation tells how they hang together. Source:
// Go source tree, runtime/symtab.go; checkShapes compares the offsets.

// Offsets in the runtime's moduledata, which refers to all tables.
const (
	modHeader    = 0
	modNames     = 8
	modUnits     = 32
	modFiles     = 56
	modPC        = 80
	modFuncs     = 104
	modIndex     = 128
	modBuckets   = 152 // a table for quicker search
	modMinPC     = 160
	modText      = 176
	modTrees     = 320
	modTypeLinks = 360
	modItabLinks = 384
	modSize      = 408 // as far as it is used here
)

// Offsets in the header of the tables.
const (
	headFuncs = 8
	headFiles = 16
	headNames = 32 // offsets of five tables
	headSize  = 72
)

// Offsets in an inlinedCall.
const (
	callName = 4
	callSize = 16
)

// record is the fixed part of a function's record. After it stand NPCData offsets of pc-value tables and
// NFuncData offsets from moduledata.gofunc.
type record struct {
	Entry                      uint32 // offset from moduledata.text
	Name                       uint32 // offset in names
	_, _                       uint32
	PCStack, PCFile, PCLine    uint32 // offsets of pc-value tables
	NPCData                    uint32
	Unit                       uint32 // where the compilation unit's files begin in units
	StartLine                  uint32
	FuncID, Flag, _, NFuncData uint8
}

const recordSize = 44

// The extra tables and data that kernel/symtab uses.
const (
	pcdataInlineIndex  = 2
	pcdataPanicBounds  = 4
	funcdataInlineTree = 3
	noFuncdata         = ^uint32(0)
)

// functab is the tables.
type functab struct {
	text   uint64
	header []byte
	names  []byte // zero-terminated
	units  []byte // uint32 each: number of a file in its compilation unit → offset in files
	files  []byte // zero-terminated
	pc     []byte // pc-value tables
	funcs  []byte // index, an entry and an offset for each function and for the end; then records
	trees  []byte // inlined calls, and what only the garbage collector reads
	count  int    // functions
}

// module returns the bytes of the runtime's moduledata.
func (img *image) module() ([]byte, error) {
	for _, s := range img.symbols {
		if s.Name == "runtime.firstmoduledata" && img.data.contains(s.Value) && img.data.contains(s.Value+modSize) {
			return img.data.bytes[s.Value-img.data.addr:][:modSize], nil
		}
	}
	return nil, fmt.Errorf("%s: no runtime.firstmoduledata", img.path)
}

func (img *image) functab(module []byte) (*functab, error) {
	word := func(at int) uint64 { return binary.LittleEndian.Uint64(module[at:]) }
	var failed error
	bytesAt := func(addr, size uint64) []byte {
		if !img.rodata.contains(addr) || size > img.rodata.addr+img.rodata.size-addr {
			failed = fmt.Errorf("%s: the tables of functions are not among the constants", img.path)
			return nil
		}
		return img.rodata.bytes[addr-img.rodata.addr:][:size]
	}
	slice := func(at int, element uint64) []byte { return bytesAt(word(at), word(at+8)*element) }
	t := &functab{
		text: word(modText), header: bytesAt(word(modHeader), headSize),
		names: slice(modNames, 1), units: slice(modUnits, 4), files: slice(modFiles, 1), pc: slice(modPC, 1),
		funcs: slice(modFuncs, 1), trees: bytesAt(word(modTrees), img.rodata.addr+img.rodata.size-word(modTrees)),
		count: int(word(modIndex+8)) - 1,
	}
	return t, failed
}

// function is a function's record, taken apart.
type function struct {
	record
	pcdata, funcdata []uint32
}

func (t *functab) function(i int) function {
	at := binary.LittleEndian.Uint32(t.funcs[8*i+4:])
	var f function
	r := bytes.NewReader(t.funcs[at:])
	binary.Read(r, binary.LittleEndian, &f.record)
	f.pcdata, f.funcdata = make([]uint32, f.NPCData), make([]uint32, f.NFuncData)
	binary.Read(r, binary.LittleEndian, f.pcdata)
	binary.Read(r, binary.LittleEndian, f.funcdata)
	return f
}

// end is the entry of the index behind the last function: where the text ends.
func (t *functab) end() uint32 { return binary.LittleEndian.Uint32(t.funcs[8*t.count:]) }

// table is the offset of one of the extra pc-value tables, 0 if the function has none.
func (f *function) table(i int) uint32 {
	if i < len(f.pcdata) {
		return f.pcdata[i]
	}
	return 0
}

// tree is the offset of the tree of inlined calls, noFuncdata if the function has none.
func (f *function) tree() uint32 {
	if funcdataInlineTree < len(f.funcdata) {
		return f.funcdata[funcdataInlineTree]
	}
	return noFuncdata
}

// pcTable returns the bytes of a pc-value table: pairs of varints, a zig-zag delta of the value, from -1 on,
// and a delta of the program counter, until a first of zero. values gets each value.
func (t *functab) pcTable(at uint32, values func(int32)) []byte {
	p := t.pc[at:]
	value := int32(-1)
	for n := 0; ; {
		delta, size := binary.Uvarint(p[n:])
		if delta == 0 && n > 0 {
			return p[:n+size]
		}
		n += size
		value += int32(uint32(delta)>>1) ^ -int32(delta&1)
		if values != nil {
			values(value)
		}
		_, size = binary.Uvarint(p[n:])
		n += size
	}
}

// cstring is the string at an offset, its zero included.
func cstring(table []byte, at uint32) string {
	return string(table[at : int(at)+bytes.IndexByte(table[at:], 0)+1])
}
