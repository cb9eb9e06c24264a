package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/config"
	"tuco/control/pack"
	"tuco/tools/mkkernel"
	"tuco/tools/tuco/host"
)

// A kernel that is compressed is unpacked as it is packed, and said to be damaged then.
func TestPackCompressed(t *testing.T) {
	dir := t.TempDir()
	kernel, config := filepath.Join(dir, "vmlinuz"), filepath.Join(dir, "a.cfg")
	require.NoError(t, os.WriteFile(kernel, []byte(string(make([]byte, 0x202))+"HdrS"+string(make([]byte, 100))), 0o600))
	require.NoError(t, os.WriteFile(config, []byte("name = 'a'\nkernel = 'vmlinuz'\nmemory = 32"), 0o600))
	_, err := packGuests([]string{config})
	assert.ErrorContains(t, err, config+":2: kernel: "+kernel+": the bzImage")
}

// Of files that are large together, the largest are packed, and only as many as it takes.
func TestPackLargeFiles(t *testing.T) {
	p := newGuestPack()
	for name, size := range map[string]host.Size{"large": looseMax, "small": looseMax / 2, "smaller": looseMax / 3} {
		p.contents = append(p.contents, packedFile{name, make([]byte, size)})
	}
	p.close()
	for name, packed := range map[string]bool{"large": true, "small": false, "smaller": false} {
		record := p.ramdisk[name]
		assert.Equal(t, packed, pack.Is(record), name)
	}
	assert.Less(t, p.memory, controlMemory+looseMax)
}

// Fifty guests of one kernel are no fifty times the work.
func TestReadOnce(t *testing.T) {
	path := guestFile(t, "memory = 32\nramdisk = 'kernel'")
	read, r := func(r fileReader) (guestFiles, error) {
		g, at, err := (&config.Language{}).Parse(path, []byte("name = 'web'\nkernel = 'kernel'\nmemory = 32\nramdisk = 'kernel'"))
		require.NoError(t, err)
		return r.read(path, g, at)
	}, newFileReader()
	first, err := read(r)
	require.NoError(t, err)
	require.NoError(t, os.Remove(first.kernelPath))
	again, err := read(r)
	require.NoError(t, err)
	assert.Equal(t, first, again)
	assert.NotEqual(t, again.kernel, again.ramdisk, "which is as it was")
	_, err = read(newFileReader())
	assert.ErrorContains(t, err, "kernel: open "+first.kernelPath)
}

// A kernel may be another guest's ramdisk, or its own, which gets it as it is.
func TestPackKernelAsRamdisk(t *testing.T) {
	path := guestFile(t, "memory = 32\nramdisk = 'kernel'")
	p, err := packGuests([]string{path})
	require.NoError(t, err)
	kernel, err := os.ReadFile(filepath.Join(filepath.Dir(path), "kernel"))
	require.NoError(t, err)
	packed := map[string][]byte{}
	for _, f := range p.contents {
		packed[f.at] = f.content
	}
	assert.NotEqual(t, kernel, packed["files/0-kernel"], "made slim")
	assert.Equal(t, kernel, packed["files/1-kernel"])
}

func TestPackGuests(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	write("kernels/k.elf", string(mkkernel.Plain().Bytes()))
	disk := write("disk", "ramdisk")
	p, err := packGuests([]string{
		write("a.cfg", "name = 'a'\nkernel = 'kernels/k.elf'\nmemory = 32\nvcpus = 2"),
		write("x/b.cfg", "name = 'b'\nkernel = '../kernels/k.elf'\nramdisk = '"+disk+"'\nmemory = 32"),
	})
	require.NoError(t, err)
	assert.Len(t, p.files, 2, "a file is packed once")
	for name, kernel := range map[string]string{"001-a": "files/0-k.elf", "002-b": "files/0-k.elf"} {
		record, ok := p.ramdisk["guests/"+name+".cfg"]
		require.True(t, ok)
		text := make([]byte, record.FileSize)
		_, err := record.ReadAt(text, 0)
		require.NoError(t, err)
		g, err := config.Parse(name, text)
		require.NoError(t, err)
		assert.Equal(t, name[len("001-"):], g.Name)
		assert.Equal(t, kernel, g.Kernel)
		assert.Contains(t, p.ramdisk, g.Kernel)
	}
	assert.Contains(t, p.ramdisk, "files/1-disk")
	assert.Equal(t, controlMemory+host.MiB, p.memory, "the files stay in its ramdisk")

	d, err := p.domain0("control.elf", dir)
	require.NoError(t, err)
	assert.Equal(t, &host.Domain0{Kernel: "control.elf", Ramdisk: filepath.Join(dir, "guests.cpio"), Memory: p.memory, Control: true}, d)
	assert.FileExists(t, d.Ramdisk)
}
