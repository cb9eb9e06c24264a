package slim

import (
	"bytes"
	"debug/elf"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/pvelf"
	"tuco/tools/mkkernel"
)

// memory is what a segment of a file is in memory, but for the file's headers, which may be in it.
func memory(file []byte, f *elf.File, p *elf.Prog) []byte {
	all := make([]byte, p.Memsz)
	copy(all, file[p.Off:p.Off+p.Filesz])
	if p.Off == 0 {
		clear(all[:min(len(all), headerEnd+segmentSize*len(f.Progs))])
	}
	return all
}

// requireSame requires that a slim kernel is the same to who builds a domain of it.
func requireSame(t *testing.T, file, slim []byte) {
	t.Helper()
	a, err := elf.NewFile(bytes.NewReader(file))
	require.NoError(t, err)
	b, err := elf.NewFile(bytes.NewReader(slim))
	require.NoError(t, err)
	require.Equal(t, a.Entry, b.Entry)
	require.Len(t, b.Progs, len(a.Progs))
	require.Empty(t, b.Sections)
	for i, p := range a.Progs {
		q := b.Progs[i]
		require.Equal(t, []uint64{p.Vaddr, p.Paddr, p.Memsz}, []uint64{q.Vaddr, q.Paddr, q.Memsz})
		require.True(t, p.Type != elf.PT_LOAD || bytes.Equal(memory(file, a, p), memory(slim, b, q)), "segment %d", i)
	}
	var fat, thin pvelf.Image
	before, after := pvelf.Parse(&fat, file, 0), pvelf.Parse(&thin, slim, 0)
	require.Equal(t, before.OK(), after.OK())
	require.Equal(t, fat.Entry, thin.Entry)
}

func TestKernel(t *testing.T) {
	k := mkkernel.Plain()
	k.Segments[0].Data = append(k.Segments[0].Data, make([]byte, 1000)...)
	k.Segments = append(k.Segments, mkkernel.Segment{PAddr: k.Segments[0].PAddr + 4096, Data: make([]byte, 4096)})
	file := append(k.Bytes(), "symbols, say"...)
	before := bytes.Clone(file)
	slim := Kernel(file)
	assert.Equal(t, before, file, "the file is not changed")
	assert.Less(t, len(slim), len(file))
	requireSame(t, file, slim)
	assert.Equal(t, slim, Kernel(slim))
}

// What it does not know stays as it is.
func TestOthers(t *testing.T) {
	k := mkkernel.Plain()
	k.NoteSection = true
	cut := mkkernel.Plain().Bytes()
	for what, file := range map[string][]byte{
		"nothing": nil, "text": []byte("no kernel"), "notes in a section": k.Bytes(), "a truncated file": cut[:len(cut)/2],
	} {
		assert.Equal(t, file, Kernel(file), what)
	}
}

// A Go program has a symbol table, which is large.
func TestProgram(t *testing.T) {
	program, err := os.ReadFile("/proc/self/exe")
	require.NoError(t, err)
	f, err := elf.NewFile(bytes.NewReader(program))
	require.NoError(t, err)
	notes := false
	for _, p := range f.Progs {
		notes = notes || p.Type == elf.PT_NOTE
	}
	if slim := Kernel(program); notes {
		assert.Less(t, len(slim), len(program))
		requireSame(t, program, slim)
	} else {
		assert.Equal(t, len(program), len(slim))
	}
}
