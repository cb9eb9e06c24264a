package probe

import (
	"bytes"
	"debug/elf"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestImageIsAnELFWithANote(t *testing.T) {
	image := new(Program).Print("hello\n").DebugExit(1).Image()
	file, err := elf.NewFile(bytes.NewReader(image))
	require.NoError(t, err)
	require.Equal(t, elf.EM_X86_64, file.Machine)
	require.Len(t, file.Progs, 2)
	require.Equal(t, elf.PT_NOTE, file.Progs[1].Type)
	note := make([]byte, file.Progs[1].Filesz)
	_, err = file.Progs[1].ReadAt(note, 0)
	require.NoError(t, err)
	require.Equal(t, []byte{4, 0, 0, 0, 4, 0, 0, 0, 18, 0, 0, 0, 'X', 'e', 'n', 0, 0x00, 0x10, 0x20, 0}, note)
	require.Contains(t, string(image), "hello\n")
}
