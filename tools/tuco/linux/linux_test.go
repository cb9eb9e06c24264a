package linux

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/u-root/u-root/pkg/cpio"
)

// makeModule makes a kernel module with facts.
func makeModule(facts ...string) []byte {
	const names = "\x00.modinfo\x00.shstrtab\x00"
	text := strings.Join(facts, "\x00") + "\x00"
	at := uint64(64)
	header := elf.Header64{
		Ident: [16]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_REL), Machine: uint16(elf.EM_X86_64), Version: uint32(elf.EV_CURRENT),
		Shoff: at + uint64(len(names)+len(text)), Ehsize: 64, Shentsize: 64, Shnum: 3, Shstrndx: 2,
	}
	var b bytes.Buffer
	for _, part := range []any{
		header, []byte(names), []byte(text),
		elf.Section64{},
		elf.Section64{Name: 1, Type: uint32(elf.SHT_PROGBITS), Off: at + uint64(len(names)), Size: uint64(len(text))},
		elf.Section64{Name: 10, Type: uint32(elf.SHT_STRTAB), Off: at, Size: uint64(len(names))},
	} {
		binary.Write(&b, binary.LittleEndian, part)
	}
	return b.Bytes()
}

// somePackage unpacks a package with modules, by name, and what each needs.
func somePackage(t *testing.T, needs map[string]string) *debianKernel {
	t.Helper()
	root := t.TempDir()
	write := func(path string, data []byte) {
		path = filepath.Join(root, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, data, 0o644))
	}
	write("boot/vmlinuz-6.1", []byte("kernel"))
	write("lib/modules/6.1/modules.builtin", nil)
	for name, list := range needs {
		write("lib/modules/6.1/kernel/"+name+".ko", makeModule("license=GPL", "depends="+list))
	}
	p, err := openPackage(root)
	require.NoError(t, err)
	return p
}

func TestModules(t *testing.T) {
	p := somePackage(t, map[string]string{"xenfs": "xen-privcmd", "xen_privcmd": "low,other", "low": "", "other": "low", "unused": ""})
	found, err := p.modules([]string{"xenfs", "low"})
	require.NoError(t, err)
	assert.Equal(t, "kernel/low.ko:\nkernel/other.ko: kernel/low.ko\n"+
		"kernel/xen_privcmd.ko: kernel/low.ko kernel/other.ko kernel/low.ko\n"+
		"kernel/xenfs.ko: kernel/xen_privcmd.ko kernel/low.ko kernel/other.ko kernel/low.ko\n", dependencies(found))

	_, err = p.modules([]string{"absent"})
	require.ErrorContains(t, err, "no module absent")
	_, err = somePackage(t, map[string]string{"xenfs": "absent"}).modules([]string{"xenfs"})
	require.ErrorContains(t, err, "for xenfs: the kernel package has no module absent")
}

func TestNeedsOfOtherFiles(t *testing.T) {
	needs, err := needsOf(makeModule("name=alone"))
	require.NoError(t, err)
	assert.Empty(t, needs)
	_, err = needsOf([]byte("text"))
	require.Error(t, err)
}

func TestOpenPackageNeedsOneKernel(t *testing.T) {
	root := t.TempDir()
	_, err := openPackage(root)
	require.ErrorContains(t, err, "has 0 kernels")
}

func TestWanted(t *testing.T) {
	for path, want := range map[string]bool{
		"boot/vmlinuz-6.1": true, "lib/modules/6.1/modules.builtin": true, "lib/modules/6.1/kernel/drivers/xen/xenfs/xenfs.ko": true,
		"lib/modules/6.1/kernel/drivers/net/xen-netfront.ko": true, "lib/modules/6.1/kernel/fs/ext4/ext4.ko": true,
		"lib/modules/6.1/kernel/fs/btrfs/btrfs.ko": false, "usr/share/doc/x": false,
	} {
		assert.Equal(t, want, wanted(path), path)
	}
}

func TestUserland(t *testing.T) {
	for path, want := range map[string]bool{
		"bin/busybox": true, "usr/bin/busybox": true, "sbin/mke2fs": true, "usr/sbin/e2fsck": true, "usr/bin/xenstore-ls": true, "sbin/badblocks": false,
		"lib/x86_64-linux-gnu/libc.so.6": true, "usr/lib/x86_64-linux-gnu/libxenstore.so.4.0": true, "usr/share/doc/libc.so": false,
	} {
		assert.Equal(t, want, fromUserland(path), path)
	}
	_, err := readOne(t.TempDir(), "bin/busybox")
	require.ErrorContains(t, err, "remove the directory, and it is fetched anew")
}

// A program comes with the libraries that it asks for, those that these ask for, and the loader; where one is missing, that is an error.
func TestLibraries(t *testing.T) {
	none, err := librariesBelow(t.TempDir())
	require.NoError(t, err)
	require.Empty(t, none)
	require.NoError(t, none.add(tree{}, "text", []byte("#!/bin/sh")))
	program, err := os.ReadFile("/bin/ls")
	require.NoError(t, err)
	require.ErrorContains(t, none.add(tree{}, "ls", program), "ls needs lib")

	found, err := librariesBelow("/lib/x86_64-linux-gnu")
	require.NoError(t, err)
	files := tree{}
	require.NoError(t, found.add(files, "ls", program))
	assert.Contains(t, files, "lib/x86_64-linux-gnu/libc.so.6")
	assert.Contains(t, files, "lib/x86_64-linux-gnu/libgcc_s.so.1")
	assert.Contains(t, files, "lib64/ld-linux-x86-64.so.2")
}

// contents reads an archive: each name, and what is in it or where it points.
func contents(t *testing.T, archive []byte) (names []string, files map[string]string) {
	t.Helper()
	records, err := cpio.ReadAllRecords(cpio.Newc.Reader(bytes.NewReader(archive)))
	require.NoError(t, err)
	files = map[string]string{}
	for _, record := range records {
		names = append(names, record.Name)
		data, err := io.ReadAll(io.NewSectionReader(record, 0, int64(record.FileSize)))
		require.NoError(t, err)
		files[record.Name] = string(data)
	}
	return names, files
}

func TestTree(t *testing.T) {
	own := filepath.Join(t.TempDir(), "own")
	require.NoError(t, os.WriteFile(own, []byte("mine"), 0o700))
	build := func() []byte {
		tr := tree{}
		tr.add(cpio.Symlink("init", "bbin/init"))
		tr.add(cpio.StaticFile("a/b/c", "text", 0o644))
		tr.add(cpio.Directory("a", 0o700))
		require.NoError(t, tr.addFile("/bin/../opt//own", own))
		archive, err := tr.archive()
		require.NoError(t, err)
		return archive
	}
	names, files := contents(t, build())
	assert.Equal(t, []string{"a", "a/b", "a/b/c", "init", "opt", "opt/own"}, names)
	assert.Equal(t, "text", files["a/b/c"])
	assert.Equal(t, "bbin/init", files["init"])
	assert.Equal(t, "mine", files["opt/own"])
	assert.Equal(t, build(), build())

	for _, name := range []string{"", "/", "dir/", ".."} {
		require.ErrorIs(t, tree{}.addFile(name, own), ErrBadOptions, name)
	}
}

// The source tree that this test is in.
const source = "../../.."

func TestCommands(t *testing.T) {
	commands, err := Options{Source: source}.commands()
	require.NoError(t, err)
	assert.NotContains(t, commands, makebb)
	names := map[string]bool{}
	for _, command := range commands {
		names[filepath.Base(command)] = true
	}
	for _, name := range []string{"init", "gosh", "ls", "cat", "mount", "dmesg", "poweroff", "shutdown", "modprobe"} {
		assert.Contains(t, names, name)
	}
}

func TestKeyCoversWhatTheFilesAreMadeOf(t *testing.T) {
	own := filepath.Join(t.TempDir(), "own")
	require.NoError(t, os.WriteFile(own, []byte("a"), 0o644))
	p := somePackage(t, nil)
	key := func(o Options) string {
		o.Source = source
		key, err := o.key(p)
		require.NoError(t, err)
		return key
	}
	plain, with := key(Options{}), key(Options{Add: map[string]string{"bin/own": own}})
	assert.Equal(t, plain, key(Options{}))
	assert.NotEqual(t, plain, with)
	assert.NotEqual(t, with, key(Options{Add: map[string]string{"bin/other": own}}))
	require.NoError(t, os.WriteFile(own, []byte("b"), 0o644))
	assert.NotEqual(t, with, key(Options{Add: map[string]string{"bin/own": own}}))
	require.NoError(t, os.WriteFile(p.vmlinuz, []byte("another"), 0o644))
	assert.NotEqual(t, plain, key(Options{}))

	_, err := Options{Source: source, Add: map[string]string{"x": "/nonexistent"}}.key(p)
	require.ErrorIs(t, err, ErrBadOptions)
}

func TestMakeRefuses(t *testing.T) {
	_, err := Make(context.Background(), Options{Flavour: "rt", Source: source})
	require.ErrorIs(t, err, ErrBadOptions)
	_, err = Make(context.Background(), Options{Flavour: "cloud", Source: t.TempDir()})
	require.ErrorIs(t, err, ErrBadOptions)
	require.ErrorContains(t, err, "is not Tuco's source tree")
}
