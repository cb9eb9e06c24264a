package symtab

import "unsafe"

// module is the head of the runtime's moduledata.
type module struct {
	_          unsafe.Pointer // pcHeader
	names      []byte         // zero-terminated names of functions
	cuFiles    []uint32       // per compilation unit: file number → offset in files
	files      []byte         // zero-terminated file names
	pcTables   []byte         // pc-value tables
	funcs      []byte         // function records
	index      []funcIndex
	_          uintptr // findfunctab
	minPC      uintptr
	maxPC      uintptr
	text, _    uintptr
	_          [4]uintptr     // noptrdata, data
	_          [4]uintptr     // bss, noptrbss
	_          [2]uintptr     // covctrs
	_          [3]uintptr     // end, gcdata, gcbss
	_          [2]uintptr     // types
	_          uintptr        // rodata
	inlineBase unsafe.Pointer // go.func.*, which funcdata offsets are relative to
}

// funcIndex is an entry of the sorted table of functions.
type funcIndex struct{ entry, record uint32 }

// record is the fixed part of a function's record.
type record struct {
	entry    uint32 // offset from module.text
	name     int32  // offset in module.names
	_        int32
	_        uint32
	pcStack  uint32 // offsets of pc-value tables
	pcFile   uint32
	pcLine   uint32
	nPCData  uint32
	cuOffset uint32
	_        int32
	_        uint8
	_        uint8
	_        uint8
	nFunData uint8
	// uint32 offsets follow: nPCData pc-value tables, nFunData data pointers
}

// inlinedCall is an entry of a function's tree of inlined calls.
type inlinedCall struct {
	_        [4]uint8
	name     int32
	parentPC int32 // offset in the function of the call in the caller's body
	_        int32
}

const (
	pcdataInlineIndex  = 2
	pcdataPanicBounds  = 4
	funcdataInlineTree = 3
)

// lastModule points to the one module of a statically linked program. The
// linker sets it; the runtime leaves it open to other packages.
//
//go:linkname lastModule runtime.lastmoduledatap
var lastModule *module
