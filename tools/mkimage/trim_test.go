package main

import (
	"debug/elf"
	"debug/gosym"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/rtcheck/reach"
)

// value looks a program counter, relative to the function, up in a pc-value table.
func (t *functab) value(at, pc uint32) int32 {
	if at == 0 {
		return -1
	}
	value, end := int32(-1), uint32(0)
	table := t.pcTable(at, nil)
	for len(table) > 1 {
		delta, n := binary.Uvarint(table)
		step, m := binary.Uvarint(table[n:])
		table = table[n+m:]
		value += int32(uint32(delta)>>1) ^ -int32(delta&1)
		if end += uint32(step); pc < end {
			return value
		}
	}
	return -1
}

// describe says all that kernel/symtab can tell about a program counter, relative to the function.
func (t *functab) describe(f *function, pc uint32) string {
	s := fmt.Sprintf("%#x depth %d, bounds %d", f.Entry, t.value(f.PCStack, pc), t.value(f.table(pcdataPanicBounds), pc))
	for range 100 {
		file := "?"
		if n := t.value(f.PCFile, pc); n >= 0 {
			file = cstring(t.files, binary.LittleEndian.Uint32(t.units[4*(f.Unit+uint32(n)):]))
		}
		line := t.value(f.PCLine, pc)
		i := int32(-1)
		if f.tree() != noFuncdata {
			i = t.value(f.table(pcdataInlineIndex), pc)
		}
		if i < 0 {
			return s + fmt.Sprintf(" %q %q:%d", cstring(t.names, f.Name), file, line)
		}
		call := t.trees[f.tree()+uint32(i)*callSize:]
		s += fmt.Sprintf(" %q %q:%d in", cstring(t.names, binary.LittleEndian.Uint32(call[callName:])), file, line)
		pc = binary.LittleEndian.Uint32(call[callName+4:])
	}
	return s + " and no end"
}

func tables(t *testing.T, img *image) *functab {
	t.Helper()
	module, err := img.module()
	require.NoError(t, err)
	tab, err := img.functab(module)
	require.NoError(t, err)
	return tab
}

func trimmed(t *testing.T, path string) (before, after *image, result *reach.Result) {
	t.Helper()
	before, err := load(path)
	require.NoError(t, err)
	after, err = load(path)
	require.NoError(t, err)
	result, err = after.reachable(skeleton+"/redirects", "")
	require.NoError(t, err)
	require.NoError(t, after.trim(result))
	return before, after, result
}

// TestTrim asks the new tables what the old ones say, for every instruction of what is reachable.
func TestTrim(t *testing.T) {
	before, after, result := trimmed(t, link(t))
	old, kept := tables(t, before), tables(t, after)
	assert.Less(t, kept.count, old.count/2)
	assert.Less(t, after.rodata.size, before.rodata.size*2/3)

	byEntry := map[uint32]function{}
	for i := range old.count {
		f := old.function(i)
		byEntry[f.Entry] = f
	}
	size := map[uint32]uint32{}
	for _, f := range result.Reachable {
		size[uint32(f.Addr-old.text)] = uint32(f.Size)
	}
	inlined := 0
	for i := range kept.count {
		f := kept.function(i)
		was, ok := byEntry[f.Entry]
		require.True(t, ok)
		require.NotZero(t, size[f.Entry])
		for pc := range size[f.Entry] {
			require.Equal(t, old.describe(&was, pc), kept.describe(&f, pc))
		}
		if f.tree() != noFuncdata {
			inlined++
		}
		delete(size, f.Entry)
	}
	assert.NotZero(t, inlined)
	assert.Empty(t, size, "all that is reachable is there")
	assert.Equal(t, old.end(), kept.end())
}

// TestTrimmedTablesAreGo reads them with the library's reader.
func TestTrimmedTablesAreGo(t *testing.T) {
	before, after, result := trimmed(t, link(t))
	read := func(img *image) *gosym.Table {
		module, err := img.module()
		require.NoError(t, err)
		start := binary.LittleEndian.Uint64(module[modHeader:])
		tab, err := gosym.NewTable(nil, gosym.NewLineTable(img.rodata.bytes[start-img.rodata.addr:], img.text.addr))
		require.NoError(t, err)
		return tab
	}
	old, kept := read(before), read(after)
	require.Len(t, kept.Funcs, len(result.Reachable))
	for _, f := range result.Reachable {
		wantFile, wantLine, want := old.PCToLine(f.Addr)
		file, line, got := kept.PCToLine(f.Addr)
		require.NotNil(t, want)
		require.NotNil(t, got, f.Name)
		assert.Equal(t, want.Name, got.Name)
		assert.Equal(t, wantFile, file, f.Name)
		assert.Equal(t, wantLine, line, f.Name)
	}
}

// TestNothingMissesWhatIsCut refuses to cut off what is in use.
func TestNothingMissesWhatIsCut(t *testing.T) {
	img, err := load(link(t))
	require.NoError(t, err)
	result, err := img.reachable(skeleton+"/redirects", "")
	require.NoError(t, err)
	cut := slices.IndexFunc(img.section, func(s *elf.Section) bool { return s.Name == ".gopclntab" })
	require.Positive(t, cut)
	require.NoError(t, img.checkCut(img.section[cut].Addr, result))

	assert.ErrorContains(t, img.checkCut(img.rodata.addr, result), "section .rodata lies behind")
	defer func(was []string) { cutSections = was }(cutSections)
	cutSections = append(slices.Clone(cutSections), ".rodata")
	assert.ErrorContains(t, img.checkCut(img.rodata.addr, result), "refers to the tables of functions")
}
