package mkbundle

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/u-root/u-root/pkg/cpio"

	"tuco/kernel/bundle"
)

const config = "name control\nkernel sub/kernel.elf\nmemory 64\n"

func write(t *testing.T, at, data string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
	require.NoError(t, os.WriteFile(at, []byte(data), 0o600))
}

func TestFromADirectory(t *testing.T) {
	var archives [2][]byte
	for k := range archives {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "a-before-boot.cfg"), "x")
		write(t, filepath.Join(dir, "boot.cfg"), config)
		write(t, filepath.Join(dir, "sub", "kernel.elf"), "the kernel")
		files, err := Read(dir)
		require.NoError(t, err)
		archives[k], err = Bytes(files)
		require.NoError(t, err)
	}
	assert.Equal(t, archives[0], archives[1], "the same files make the same bytes")
	require.NoError(t, Check(archives[0]))

	b := new(bundle.Bundle)
	bad := bundle.Parse(b, archives[0])
	require.True(t, bad.OK())
	assert.Equal(t, "the kernel", string(b.Domains()[0].Kernel))

	recs, err := cpio.ReadAllRecords(cpio.Newc.Reader(bytes.NewReader(archives[0])))
	require.NoError(t, err)
	var names []string
	for _, r := range recs {
		names = append(names, r.Name)
	}
	assert.Equal(t, []string{"boot.cfg", "a-before-boot.cfg", "sub/kernel.elf"}, names)
}

func TestFromFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "x", "boot.cfg"), "name a\nkernel k\nmemory 1\n")
	write(t, filepath.Join(dir, "y", "k"), "kernel")
	files, err := Read(filepath.Join(dir, "y", "k"), filepath.Join(dir, "x", "boot.cfg"))
	require.NoError(t, err)
	archive, err := Bytes(files)
	require.NoError(t, err)
	require.NoError(t, Check(archive))

	_, err = Read(filepath.Join(dir, "nowhere"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestRefused(t *testing.T) {
	for _, name := range []string{"", "/abs", "a//b", "./a", "..", "../x", "."} {
		assert.ErrorContains(t, Write(new(bytes.Buffer), []File{{name, nil}}), "is no name for a file", name)
	}
	assert.EqualError(t, Write(new(bytes.Buffer), []File{{"a", nil}, {"a", nil}}), `bundle: two files are named "a"`)

	archive, err := Bytes([]File{{"boot.cfg", []byte("name a\nkernle k\n")}})
	require.NoError(t, err)
	assert.EqualError(t, Check(archive), `boot.cfg line 2: unknown key "kernle" (did you mean kernel?)`)
}
