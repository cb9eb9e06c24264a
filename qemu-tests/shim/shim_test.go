package shim

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/probe"
)

func TestWrap(t *testing.T) {
	image := new(probe.Program).Print("hello\n").Image()
	original := bytes.Clone(image)
	wrapped, err := new(Shim).Set32(MemoryEntries, 0).Modules(Module{Address: 1 << 40, Size: 7}).Wrap(image)
	require.NoError(t, err)
	assert.Equal(t, original, image, "the original stays as it is")

	file, err := elf.NewFile(bytes.NewReader(wrapped))
	require.NoError(t, err)
	require.Len(t, file.Progs, 3)
	data := func(prog *elf.Prog) []byte {
		b, err := io.ReadAll(prog.Open())
		require.NoError(t, err)
		return b
	}
	assert.Equal(t, uint64(0x200000), file.Progs[0].Paddr)
	note := data(file.Progs[1])
	assert.EqualValues(t, address, binary.LittleEndian.Uint32(note[16:]))

	added := file.Progs[2]
	assert.EqualValues(t, address, added.Paddr)
	code := data(added)
	want := []byte{
		0xc7, 0x43, 48, 0, 0, 0, 0, // no memory map entries
		0xc7, 0x43, 12, 1, 0, 0, 0, // one module
		0xc7, 0x43, 16, 0x00, 0x02, 0x00, 0x03, // its list: 48 MiB + 0x200
		0xc7, 0x43, 20, 0, 0, 0, 0,
		0xb8, 0x00, 0x10, 0x20, 0x00, // the image's own entry
		0xff, 0xe0,
	}
	assert.Equal(t, want, code[:len(want)])
	var module Module
	_, err = binary.Decode(code[dataOffset:], binary.LittleEndian, &module)
	require.NoError(t, err)
	assert.Equal(t, Module{Address: 1 << 40, Size: 7}, module)
}

func TestWrapRefuses(t *testing.T) {
	_, err := new(Shim).Wrap([]byte("no ELF file"))
	require.Error(t, err)

	image := new(probe.Program).Image()
	file, err := elf.NewFile(bytes.NewReader(image))
	require.NoError(t, err)
	image[file.Progs[1].Off+8]++ // another type of note
	_, err = new(Shim).Wrap(image)
	require.ErrorContains(t, err, "no PVH note")

	long := new(Shim)
	for range 100 {
		long.Set32(Flags, 0)
	}
	_, err = long.Wrap(new(probe.Program).Image())
	require.ErrorContains(t, err, "runs into its data")
}
