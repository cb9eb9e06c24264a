package main

import (
	"cmp"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"slices"

	"tuco/tools/rtcheck/reach"
)

// trim keeps of the tables of functions what belongs to reachable ones and what kernel/symtab reads; half of
// an image would be tables otherwise. The new ones stand where the old ones began, and the constants end with them:
// what follows in the Go linker's file is for reflection and for a started runtime.
func (img *image) trim(result *reach.Result) error {
	module, err := img.module()
	if err != nil {
		return err
	}
	old, err := img.functab(module)
	if err != nil {
		return err
	}
	start := binary.LittleEndian.Uint64(module[modHeader:])
	if err := img.checkCut(start, result); err != nil {
		return err
	}
	t := newTrimmer(old)
	for i := range old.count {
		f := old.function(i)
		if _, found := slices.BinarySearchFunc(result.Reachable, old.text+uint64(f.Entry),
			func(f reach.Func, a uint64) int { return cmp.Compare(f.Addr, a) }); found {
			t.functions = append(t.functions, f)
		}
	}
	t.build()
	size := t.write(img.rodata.bytes[start-img.rodata.addr:], module, start)
	img.rodata.size = start + size - img.rodata.addr
	img.rodata.bytes = img.rodata.bytes[:img.rodata.size]
	img.symbols = slices.DeleteFunc(img.symbols, func(s elf.Symbol) bool {
		return start < s.Value && s.Value < img.data.addr
	})
	return nil
}

// cutSections are what trim replaces or drops.
var cutSections = []string{".gopclntab", ".typelink", ".itablink"}

// checkCut makes sure that nobody will miss what is dropped.
func (img *image) checkCut(start uint64, result *reach.Result) error {
	end := img.rodata.addr + img.rodata.size
	for _, s := range img.section {
		if start <= s.Addr && s.Addr < end && !slices.Contains(cutSections, s.Name) {
			return fmt.Errorf("%s: section %s lies behind the tables of functions, where constants are cut off", img.path, s.Name)
		}
	}
	if by, found := result.Refers(reach.Range{Start: start, End: end}); found {
		return fmt.Errorf("%s: %s refers to the tables of functions, whose place changes: reach them as kernel/symtab does", img.path, by)
	}
	return nil
}

// trimmer builds the new tables.
type trimmer struct {
	old                     *functab
	functions               []function
	names, files, pc, trees *pool
	units, funcs            []byte
	unitAt                  map[uint32]uint32 // old place in units → new place
}

func newTrimmer(old *functab) *trimmer {
	return &trimmer{
		old: old, unitAt: map[uint32]uint32{},
		names: newPool("\x00"), files: newPool(""), trees: newPool(""),
		pc: newPool("\x00"), // an offset of 0 says that there is no table
	}
}

func (t *trimmer) build() {
	t.buildUnits()
	index := make([]byte, 8*(len(t.functions)+1))
	var records []byte
	for i := range t.functions {
		binary.LittleEndian.PutUint32(index[8*i:], t.functions[i].Entry)
		binary.LittleEndian.PutUint32(index[8*i+4:], uint32(len(index)+len(records)))
		records = t.appendFunction(records, t.functions[i])
	}
	binary.LittleEndian.PutUint32(index[8*len(t.functions):], t.old.end())
	t.funcs = append(index, records...)
}

// buildUnits keeps the files that functions of each compilation unit name.
func (t *trimmer) buildUnits() {
	used := map[uint32][]bool{} // by unit and number of the file
	var order []uint32
	for i := range t.functions {
		f := &t.functions[i]
		if _, seen := used[f.Unit]; !seen {
			order = append(order, f.Unit)
			used[f.Unit] = nil
		}
		t.old.pcTable(f.PCFile, func(n int32) {
			for int(n) >= len(used[f.Unit]) {
				used[f.Unit] = append(used[f.Unit], false)
			}
			if n >= 0 {
				used[f.Unit][n] = true
			}
		})
	}
	for _, unit := range order {
		t.unitAt[unit] = uint32(len(t.units) / 4)
		for n, is := range used[unit] {
			at := ^uint32(0)
			if old := binary.LittleEndian.Uint32(t.old.units[4*(int(unit)+n):]); is && old != at {
				at = t.files.add(cstring(t.old.files, old))
			}
			t.units = binary.LittleEndian.AppendUint32(t.units, at)
		}
	}
}

func (t *trimmer) appendFunction(to []byte, f function) []byte {
	inline, bounds, tree := f.table(pcdataInlineIndex), f.table(pcdataPanicBounds), f.tree()
	tables := []uint32{pcdataInlineIndex: t.table(inline), pcdataPanicBounds: t.table(bounds)}
	switch {
	case bounds == 0 && inline == 0:
		tables = nil
	case bounds == 0:
		tables = tables[:pcdataInlineIndex+1]
	}
	var data []uint32
	if tree != noFuncdata {
		data = []uint32{noFuncdata, noFuncdata, noFuncdata, funcdataInlineTree: t.tree(tree, inline)}
	}
	r := f.record
	r.Name = t.names.add(cstring(t.old.names, r.Name))
	r.PCStack, r.PCFile, r.PCLine = t.table(r.PCStack), t.table(r.PCFile), t.table(r.PCLine)
	r.Unit = t.unitAt[r.Unit]
	r.NPCData, r.NFuncData = uint32(len(tables)), uint8(len(data))
	to, _ = binary.Append(to, binary.LittleEndian, r)
	to, _ = binary.Append(to, binary.LittleEndian, tables)
	to, _ = binary.Append(to, binary.LittleEndian, data)
	return to
}

// table takes over a pc-value table.
func (t *trimmer) table(at uint32) uint32 {
	if at == 0 {
		return 0
	}
	return t.pc.add(string(t.old.pcTable(at, nil)))
}

// tree takes over a tree of inlined calls: as many as the table of inlined calls mentions.
func (t *trimmer) tree(at, index uint32) uint32 {
	last := int32(-1)
	if index != 0 {
		t.old.pcTable(index, func(n int32) { last = max(last, n) })
	}
	tree := slices.Clone(t.old.trees[at:][:callSize*(last+1)])
	for call := range slices.Chunk(tree, callSize) {
		name := binary.LittleEndian.Uint32(call[callName:])
		binary.LittleEndian.PutUint32(call[callName:], t.names.add(cstring(t.old.names, name)))
	}
	return t.trees.add(string(tree))
}

// write puts the tables at start, into to, and their places into the moduledata. It returns how long they are.
func (t *trimmer) write(to, module []byte, start uint64) uint64 {
	at := uint64(headSize)
	place := func(b []byte) uint64 {
		at = (at + 7) &^ 7
		was := at
		at += uint64(copy(to[at:], b))
		return was
	}
	word := binary.LittleEndian.PutUint64
	slice := func(field int, at, n uint64) {
		word(module[field:], at)
		word(module[field+8:], n)
		word(module[field+16:], n)
	}
	clear(to[headSize:])
	word(to[headFuncs:], uint64(len(t.functions)))
	word(to[headFiles:], uint64(len(t.files.at)))
	for i, table := range []struct {
		field   int
		bytes   []byte
		element int
	}{
		{modNames, t.names.bytes, 1}, {modUnits, t.units, 4}, {modFiles, t.files.bytes, 1},
		{modPC, t.pc.bytes, 1}, {modFuncs, t.funcs, 1},
	} {
		offset := place(table.bytes)
		word(to[headNames+8*i:], offset)
		slice(table.field, start+offset, uint64(len(table.bytes)/table.element))
	}
	slice(modIndex, binary.LittleEndian.Uint64(module[modFuncs:]), uint64(len(t.functions)+1))
	word(module[modTrees:], start+place(t.trees.bytes))
	word(module[modBuckets:], 0)
	slice(modTypeLinks, 0, 0)
	slice(modItabLinks, 0, 0)
	return at
}

// pool is a table under construction whose entries are found by their offset.
type pool struct {
	bytes []byte
	at    map[string]uint32
}

func newPool(first string) *pool { return &pool{[]byte(first), map[string]uint32{first: 0}} }

func (p *pool) add(s string) uint32 {
	at, ok := p.at[s]
	if !ok {
		at = uint32(len(p.bytes))
		p.bytes = append(p.bytes, s...)
		p.at[s] = at
	}
	return at
}
