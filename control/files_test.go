package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/ramdisk"
)

func TestGuestFiles(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	guests, err := guestFiles(fstest.MapFS{
		"guests/b.cfg": file("name = 'b'\nkernel = 'k'\nmemory = 8"), "guests/a.cfg": file("name = 'x'\nkernel = 'k'\nmemory = 8"),
		"guests/notes.txt": file("nothing"), "k": file("kernel"),
	})
	require.NoError(t, err)
	require.Len(t, guests, 2)
	assert.Equal(t, []string{"x", "b"}, []string{guests[0].Name, guests[1].Name})

	_, err = guestFiles(fstest.MapFS{
		"guests/a.cfg": file("name = 'a'\nkernel = 'k'\nmemory = 0"), "guests/b.cfg": file("name = 'b'\nkernel = 'k'"),
	})
	assert.EqualError(t, err, `a.cfg:3: memory: 0 is too little; 1 to 16777216 MiB are possible
b.cfg: memory: missing: write memory = 128, say, in MiB`)

	guests, err = guestFiles(fstest.MapFS{"k": file("kernel")})
	require.NoError(t, err)
	assert.Empty(t, guests)
}

func TestAllWords(t *testing.T) {
	line := []string{"keep", "a=1"}
	words, err := allWords(line, fstest.MapFS{"words": &fstest.MapFile{Data: []byte("b=2\nc\n")}})
	require.NoError(t, err)
	assert.Equal(t, []string{"keep", "a=1", "b=2", "c"}, words)
	words, err = allWords(line, fstest.MapFS{})
	require.NoError(t, err)
	assert.Equal(t, line, words)
}

// Kernels are found in the ramdisk, and not copied.
func TestFiles(t *testing.T) {
	disk := ramdisk.Ramdisk{}
	disk.AddText("files/0-kernel", "kernel")
	disk.AddText("files/1-disk", "disk")
	at := filepath.Join(t.TempDir(), "ramdisk")
	require.NoError(t, disk.Write(at))
	archive, err := os.ReadFile(at)
	require.NoError(t, err)
	f := files{archive}
	for _, name := range []string{"files/0-kernel", "/files/0-kernel", "files/../files/0-kernel"} {
		content, err := f.read(name)
		require.NoError(t, err)
		assert.Equal(t, "kernel", string(content))
	}
	content, err := f.read("files/0-kernel")
	require.NoError(t, err)
	archive[bytes.LastIndex(archive, []byte("kernel"))] = 'K'
	assert.Equal(t, "Kernel", string(content), "it is the archive's own")
	for _, name := range []string{"nothing", "files", ""} {
		_, err := f.read(name)
		assert.ErrorIs(t, err, fs.ErrNotExist, "%q", name)
	}
	_, err = files{archive[:50]}.read("files/0-kernel")
	assert.ErrorContains(t, err, "cpio")
}
