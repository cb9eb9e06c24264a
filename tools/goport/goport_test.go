package goport

import (
	"debug/elf"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// goroot is the toolchain that runs the tests.
func goroot(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

func TestInstalledRuntimeIsKnown(t *testing.T) {
	dir := t.TempDir()
	overlay, err := Runtime(goroot(t), runtime.Version(), dir)
	require.NoError(t, err)
	require.Len(t, overlay.Replace, len(ports[releaseOf(runtime.Version())]))
	for from, to := range overlay.Replace {
		require.FileExists(t, from)
		text, err := os.ReadFile(to)
		require.NoError(t, err)
		require.NotContains(t, string(text), "\tSYSCALL\n", from)
	}
	// Writing the same again touches nothing, so that the build cache holds.
	stack := filepath.Join(dir, "runtime", "stack.go")
	before, err := os.Stat(stack)
	require.NoError(t, err)
	_, err = Runtime(goroot(t), runtime.Version(), dir)
	require.NoError(t, err)
	after, err := os.Stat(stack)
	require.NoError(t, err)
	require.Equal(t, before.ModTime(), after.ModTime())
}

func TestUnknownRelease(t *testing.T) {
	_, err := Runtime("/opt/go", "go1.99.2", t.TempDir())
	require.ErrorContains(t, err, "the Go toolchain in /opt/go is go1.99.2, and guests can be built with go1.26")
}

// A file that is not as the release has it is refused, whatever the version says.
func TestChangedFile(t *testing.T) {
	root := t.TempDir()
	for name := range ports["go1.26"] {
		text, err := os.ReadFile(filepath.Join(goroot(t), "src", name))
		require.NoError(t, err)
		if name == "runtime/sys_linux_amd64.s" {
			text = append(text, "\tSYSCALL\n"...)
		}
		require.NoError(t, WriteFile(filepath.Join(root, "src", name), string(text)))
	}
	_, err := Runtime(root, "go1.26.8", t.TempDir())
	require.ErrorContains(t, err, `runtime/sys_linux_amd64.s is not as go1.26 has it: "SYSCALL" is there 41 times, not 40`)
}

func TestMissingFile(t *testing.T) {
	_, err := Runtime(t.TempDir(), "go1.26.8", t.TempDir())
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestSystemCall(t *testing.T) {
	for _, test := range []struct {
		name string
		code []byte
		want int
	}{
		{"none", []byte{0x90, 0xc3}, -1},
		{"the first", []byte{0x0f, 0x05, 0xc3}, 0},
		{"the second", []byte{0x90, 0x0f, 0x05, 0xc3}, 1},
		{"within another instruction", []byte{0xb8, 0x0f, 0x05, 0x00, 0x00, 0xc3}, -1}, // MOVL $0x50f, AX
		{"behind one that is not known", []byte{0x0f, 0x01, 0xc1, 0x0f, 0x05}, 3},      // VMCALL
	} {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, systemCall(test.code)) })
	}
}

// build links a small program as guests are, of the packages that need no library.
func build(t *testing.T, ldflags string) []byte {
	t.Helper()
	return buildOf(t, "package main\n\nfunc main() {}\n", ldflags)
}

func buildOf(t *testing.T, text, ldflags string) []byte {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(text), 0o644))
	cmd := exec.Command("go", "build", "-ldflags", ldflags, "-o", "program", "main.go")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64", "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	file, err := os.ReadFile(filepath.Join(dir, "program"))
	require.NoError(t, err)
	return file
}

// A program that was built without the overlay still has its runtime's system calls.
func TestCheckFindsTheRuntimes(t *testing.T) {
	require.ErrorContains(t, Check(build(t, "")), "makes a system call of its own")
}

func TestKernelRefusesOtherAddresses(t *testing.T) {
	require.ErrorContains(t, Kernel(build(t, "")), "the first segment is not at 0x40000000")
}

func TestKernel(t *testing.T) {
	file := build(t, "-T 0x40001000 -buildid=")
	require.NoError(t, Kernel(file))
	requireNotes(t, file)
	stripped, err := Strip(file)
	require.NoError(t, err)
	require.Less(t, len(stripped), len(file))
	requireNotes(t, stripped)
	require.ErrorContains(t, Kernel(file), "no room", "the notes are there already")
}

// All that the runtime's port is made of runs below the runtime: no package may be forgotten.
func TestBelow(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", library+"start").Output()
	require.NoError(t, err)
	var want []string
	for _, name := range strings.Fields(string(out)) {
		if rest, ours := strings.CutPrefix(name, library); ours {
			want = append(want, rest)
		}
	}
	require.ElementsMatch(t, want, Below)
}

// over is how far one address lies above another; a call counts from its end.
func over(a, b uint64) uint64 { return a - b }

// A variable of the lower library that escapes is found in what was linked.
func TestCheckHeap(t *testing.T) {
	const base, newobject uint64 = 0x1000, 0x900
	symbol := func(name string, at uint64) elf.Symbol {
		return elf.Symbol{Name: name, Info: uint8(elf.STT_FUNC), Value: at, Size: 6}
	}
	code := func(elf.Symbol) []byte {
		b := []byte{0x90, 0xe8} // NOP, CALL
		return binary.LittleEndian.AppendUint32(b, uint32(over(newobject, base+6)))
	}
	allocates := symbol("runtime.newobject", newobject)
	for _, test := range []struct {
		function string
		want     string
	}{
		{"tuco/guestlib/start.output", "tuco/guestlib/start.output calls runtime.newobject"},
		{"tuco/guestlib/start.(*descriptor).add", "calls runtime.newobject"},
		{"tuco/guestlib/xenbus.New", ""},
		{"tuco/guestlib/startled.New", ""},
		{"main.main", ""},
	} {
		err := checkHeap([]elf.Symbol{allocates, symbol(test.function, base)}, code)
		if test.want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, test.want)
	}
	require.NoError(t, checkHeap([]elf.Symbol{symbol("runtime.memmove", newobject), symbol("tuco/guestlib/mm.Map", base)}, code))
}
