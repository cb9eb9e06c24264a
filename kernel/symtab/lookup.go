package symtab

import "unsafe"

// Func is a function of the program: a body of text, inlined calls and all.
type Func struct {
	m *module
	r *record
}

// Find looks up the function that holds pc. What lies between functions is none's,
// and the build leaves out of the tables those that nothing reaches.
func Find(pc uintptr) (Func, bool) {
	m := lastModule
	if pc < m.minPC || pc >= m.maxPC || len(m.index) < 2 {
		return Func{}, false
	}
	off := uint32(pc - m.text)
	// The last entry of the index marks the end.
	lo, hi := 0, len(m.index)-1
	for hi-lo > 1 {
		if mid := int(uint(lo+hi) / 2); m.index[mid].entry <= off {
			lo = mid
		} else {
			hi = mid
		}
	}
	f := Func{m, (*record)(unsafe.Pointer(&m.funcs[m.index[lo].record]))}
	_, ok := f.StackDepth(pc) // which is known in all of a function
	return f, ok
}

// Entry is the address of the function's first instruction.
func (f Func) Entry() uintptr { return f.m.text + uintptr(f.r.entry) }

// Name is the function's name, import path included.
func (f Func) Name() string { return cstring(f.m.names, uint32(f.r.name)) }

// StackDepth is how many bytes the function has on the stack at pc, its return
// address not counted.
func (f Func) StackDepth(pc uintptr) (depth uintptr, ok bool) {
	v := f.value(f.r.pcStack, pc)
	return uintptr(v), v >= 0
}

// Position is a place in the source.
type Position struct {
	Function string
	File     string // as the compiler wrote it: with -trimpath, import path and file
	Line     int
}

// Positions calls yield with the source position of pc, innermost inlined call
// first, until the function's own body, or until yield says stop. Of a return
// address, pass the byte before: it belongs to the call.
func (f Func) Positions(pc uintptr, yield func(Position) bool) {
	tree := f.inlineTree()
	for range 64 { // deeper inlining than that is a broken table
		p := Position{Function: f.Name(), File: f.file(pc), Line: int(f.value(f.r.pcLine, pc))}
		i := int32(-1)
		if tree != nil {
			i = f.value(f.pcdata(pcdataInlineIndex), pc)
		}
		if i < 0 {
			yield(p)
			return
		}
		call := (*inlinedCall)(unsafe.Add(tree, uintptr(i)*unsafe.Sizeof(inlinedCall{})))
		p.Function = cstring(f.m.names, uint32(call.name))
		if !yield(p) {
			return
		}
		pc = f.Entry() + uintptr(call.parentPC)
	}
}

// PanicBounds is the compiler's description of the bounds check at pc, or -1.
func (f Func) PanicBounds(pc uintptr) int32 {
	return f.value(f.pcdata(pcdataPanicBounds), pc)
}

func (f Func) file(pc uintptr) string {
	n := f.value(f.r.pcFile, pc)
	if n < 0 || int(f.r.cuOffset)+int(n) >= len(f.m.cuFiles) {
		return "?"
	}
	off := f.m.cuFiles[f.r.cuOffset+uint32(n)]
	if off == ^uint32(0) {
		return "?"
	}
	return cstring(f.m.files, off)
}

// tail is the words that follow the function's record.
func (f Func) tail(i uint32) uint32 {
	return *(*uint32)(unsafe.Add(unsafe.Pointer(f.r), unsafe.Sizeof(record{})+uintptr(i)*4))
}

func (f Func) pcdata(table uint32) uint32 {
	if table >= f.r.nPCData {
		return 0
	}
	return f.tail(table)
}

func (f Func) inlineTree() unsafe.Pointer {
	if f.r.nFunData <= funcdataInlineTree {
		return nil
	}
	off := f.tail(f.r.nPCData + funcdataInlineTree)
	if off == ^uint32(0) {
		return nil
	}
	return unsafe.Add(f.m.inlineBase, off)
}

// cstring is the zero-terminated string at an offset of a table.
func cstring(table []byte, off uint32) string {
	if uint64(off) >= uint64(len(table)) {
		return "?"
	}
	n := 0
	for int(off)+n < len(table) && table[int(off)+n] != 0 {
		n++
	}
	return unsafe.String(&table[off], n)
}
