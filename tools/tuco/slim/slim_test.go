package slim

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/pvelf"
	"tuco/tools/mkkernel"
)

// memory is what a segment of a file is in memory.
func memory(file []byte, p *elf.Prog) []byte {
	all := make([]byte, p.Memsz)
	copy(all, file[p.Off:p.Off+p.Filesz])
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
		require.True(t, p.Type != elf.PT_LOAD || bytes.Equal(memory(file, p), memory(slim, q)), "segment %d", i)
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

// Gaps between segments go, and notes are found where they are then.
func TestGaps(t *testing.T) {
	text := append(bytes.Repeat([]byte{1}, 5000), make([]byte, 1<<20)...)
	copy(text[1000:], "notes")
	data := []byte{0, 0, 2, 0}
	large := make([]byte, 4<<20)
	header := elf.Header64{Ident: [16]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: 1, Phoff: 128, Phnum: 4, Phentsize: 56, Ehsize: 64}
	programs := []elf.Prog64{
		{Type: uint32(elf.PT_LOAD), Off: 2 << 20, Vaddr: 1 << 20, Filesz: uint64(len(text)), Memsz: 2 << 20, Align: 2 << 20},
		{Type: uint32(elf.PT_LOAD), Off: 1 << 20, Vaddr: 8 << 20, Filesz: uint64(len(data)), Memsz: 4, Align: 2 << 20},
		{Type: uint32(elf.PT_NOTE), Off: 2<<20 + 1000, Filesz: 5},
		{Type: uint32(elf.PT_GNU_STACK)},
	}
	encode := func() {
		binary.Encode(large, binary.LittleEndian, header)
		binary.Encode(large[header.Phoff:], binary.LittleEndian, programs)
	}
	encode()
	copy(large[2<<20:], text)
	copy(large[1<<20:], data)
	small := Kernel(large)
	assert.Less(t, len(small), 6000)
	requireSame(t, large, small)
	f, err := elf.NewFile(bytes.NewReader(small))
	require.NoError(t, err)
	notes := f.Progs[2]
	assert.Equal(t, "notes", string(small[notes.Off:][:notes.Filesz]))

	programs[2].Off = 3 << 20 // in no segment that is loaded
	encode()
	copy(large[3<<20:], "NOTES")
	small = Kernel(large)
	f, err = elf.NewFile(bytes.NewReader(small))
	require.NoError(t, err)
	notes = f.Progs[2]
	assert.Equal(t, "NOTES", string(small[notes.Off:][:notes.Filesz]))
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
