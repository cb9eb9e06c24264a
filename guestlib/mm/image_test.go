package mm

import (
	"debug/elf"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func TestHeadersAreELFs(t *testing.T) {
	var (
		h     header
		wantH elf.Header64
		s     segment
		wantS elf.Prog64
	)
	require.Equal(t, unsafe.Sizeof(wantH), unsafe.Sizeof(h))
	require.Equal(t, unsafe.Offsetof(wantH.Phoff), unsafe.Offsetof(h.phoff))
	require.Equal(t, unsafe.Offsetof(wantH.Phentsize), unsafe.Offsetof(h.phentsize))
	require.Equal(t, unsafe.Offsetof(wantH.Phnum), unsafe.Offsetof(h.phnum))
	require.Equal(t, unsafe.Offsetof(wantS.Flags), unsafe.Offsetof(s.flags))
	require.Equal(t, unsafe.Offsetof(wantS.Vaddr), unsafe.Offsetof(s.vaddr))
	require.Equal(t, unsafe.Offsetof(wantS.Memsz), unsafe.Offsetof(s.size))
	require.EqualValues(t, elf.PT_LOAD, loaded)
	require.EqualValues(t, elf.PF_X, execute)
	require.EqualValues(t, elf.PF_W, write)
}
