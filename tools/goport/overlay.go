package goport

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Entry is the symbol that the rewritten files call in place of SYSCALL. It jumps to where EntryPointer points, which the
// guest's start sets: the linker, which adds up the stack that functions without a check need, need not follow.
const (
	Entry        = "runtime·guestEntry"
	EntryPointer = "runtime·guestEntryPointer"
)

// An edit is a change of a file that has to be possible so many times.
type edit struct {
	old, new string
	times    int
}

// call replaces the instruction by a call: one instruction by one, so that jumps that count instructions stay right.
func call(times int) edit { return edit{"\tSYSCALL\n", "\tCALL\t" + Entry + "(SB)\n", times} }

// populate is advice to madvise that only the library knows: map these pages now, which will be a stack.
const populate = "0x7475"

// heap is where the library wants the program's heap: mm.HeapBase.
const heap = "0x2_1000_0000"

// port is what changes in a release of Go: file by file, below GOROOT/src.
type port map[string][]edit

// ports is the releases that are known.
var ports = map[string]port{
	"go1.26": {
		"runtime/sys_linux_amd64.s": {
			call(40),
			// The kernel finds the signal frame at the stack pointer.
			{"TEXT runtime·sigreturn__sigaction(SB),NOSPLIT,$0\n", "TEXT runtime·sigreturn__sigaction(SB),NOSPLIT|NOFRAME,$0\n", 1},
			// A stack that was given away must not be used again, not even by a call.
			{"\tMOVQ\twait+0(FP), AX\n\t// We're done using the stack.\n\tMOVL\t$0, (AX)\n",
				"\tMOVQ\twait+0(FP), SI // the library clears it\n", 1},
			{"TEXT runtime·exit(SB),NOSPLIT,$0-4\n", entry + "TEXT runtime·exit(SB),NOSPLIT,$0-4\n", 1},
		},
		"runtime/time_linux_amd64.s":                       {call(2)},
		"internal/runtime/syscall/linux/asm_linux_amd64.s": {call(1)},
		"syscall/asm_linux_amd64.s": {
			call(3),
			{"TEXT ·rawSyscallNoError(SB)", "TEXT ·guestSyscallNoError(SB)", 1}, // see ask
		},
		"syscall/syscall_linux.go": asking,
		"internal/syscall/unix/fcntl_unix.go": {
			{"\tval, errno := fcntl(int32(fd), int32(cmd), int32(arg))\n\tif val == -1 {\n\t\treturn int(val), syscall.Errno(errno)\n\t}\n",
				"\tval, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), uintptr(cmd), uintptr(arg))\n" +
					"\tif errno != 0 {\n\t\treturn -1, errno\n\t}\n", 1},
		},
		"runtime/stack.go": {
			{"\tstackSystem = goos.IsWindows*4096 +", "\tstackSystem = 256 + goos.IsWindows*4096 +", 1},
		},
		"runtime/malloc.go": {
			// A guest's addresses are the lower half of 2^40, as on other systems that have few: the tables that the runtime
			// has for all addresses are small then, and of the heap's place and theirs few page tables.
			{"heapAddrBits = (_64bit*(1-goarch.IsWasm)*(1-goos.IsIos*goarch.IsArm64))*48 +",
				"heapAddrBits = (_64bit*(1-goarch.IsWasm)*(1-goos.IsIos*goarch.IsArm64))*38 +", 1},
			{"\tarenaBaseOffset = 0xffff800000000000*goarch.IsAmd64 +", "\tarenaBaseOffset = 0*goarch.IsAmd64 +", 1},
			{"\trandomizeHeapBase = goexperiment.RandomizedHeapBase64 &&", "\trandomizeHeapBase = false && goexperiment.RandomizedHeapBase64 &&", 1},
			{"\t\tfor i := 0x7f; i >= 0; i-- {\n", "\t\tfor i := 0x7f; i >= 0; i -= 8 {\n", 1},
			{"\t\t\t\tp = uintptr(i)<<40 | uintptrMask&(0x00c0<<32)\n", "\t\t\t\tp = uintptr(i-7)<<30 + " + heap + "\n", 1},
		},
		"runtime/os_nonopenbsd.go": {
			{"package runtime\n", "package runtime\n\nimport \"unsafe\"\n" + stackOfGoroutine, 1},
			{"func osStackAlloc(s *mspan) {\n}\n",
				"func osStackAlloc(s *mspan) {\n\tmadvise(unsafe.Pointer(s.base()), s.npages*pageSize, " + populate + ")\n}\n", 1},
		},
	},
}

const entry = "GLOBL " + EntryPointer + "(SB), NOPTR, $8\n\n" +
	"TEXT " + Entry + "(SB),NOSPLIT|NOFRAME,$0-0\n" +
	"\tMOVQ\t" + EntryPointer + "(SB), R11 // SYSCALL changes it too\n" +
	"\tJMP\tR11\n\n" +
	// What the runtime does itself, too late for the first sample. Other packages may not name these variables: they could not
	// be linked into a program for its host any more.
	"TEXT runtime·guestProfiling(SB),NOSPLIT|NOFRAME,$0-0\n" +
	"\tCMPB\truntime·disableMemoryProfiling(SB), $0\n" +
	"\tJEQ\t2(PC)\n" +
	"\tMOVQ\t$0, runtime·MemProfileRate(SB)\n" +
	"\tRET\n\n"

// An Overlay is the argument of "go build -overlay": the path of a file, and the path of what replaces it.
type Overlay struct {
	Replace map[string]string
}

// Runtime writes the rewritten files of a GOROOT below a directory, and returns the overlay of them. It fails if the
// release is not known, or a file is not as it is known; version is what "go env GOVERSION" tells.
func Runtime(goroot, version, dir string) (*Overlay, error) {
	release := releaseOf(version)
	edits, known := ports[release]
	if !known {
		return nil, fmt.Errorf("the Go toolchain in %s is %s, and guests can be built with %s: install that, or add its files to tools/goport/overlay.go",
			goroot, version, strings.Join(releases(), ", "))
	}
	overlay := &Overlay{Replace: map[string]string{}}
	for name, list := range edits {
		path := filepath.Join(goroot, "src", filepath.FromSlash(name))
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("a file of %s that guests need to have rewritten: %w", version, err)
		}
		changed, err := rewrite(string(text), list)
		if err != nil {
			return nil, fmt.Errorf("%s is not as %s has it: %w; is this Go changed? otherwise tools/goport/overlay.go must learn it", path, release, err)
		}
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := WriteFile(to, changed); err != nil {
			return nil, err
		}
		overlay.Replace[path] = to
	}
	return overlay, nil
}

// Write writes the overlay as the file that the go command reads.
func (o *Overlay) Write(path string) error {
	text, err := json.MarshalIndent(o, "", "\t")
	if err != nil {
		return err
	}
	return WriteFile(path, string(text))
}

// Add writes a further file to the build directory, which appears at a path.
func (o *Overlay) Add(path, dir, text string) error {
	to := filepath.Join(dir, filepath.Base(path))
	o.Replace[path] = to
	return WriteFile(to, text)
}

// rewrite makes the changes.
func rewrite(text string, edits []edit) (string, error) {
	for _, e := range edits {
		if n := strings.Count(text, e.old); n != e.times {
			return "", fmt.Errorf("%q is there %d times, not %d", strings.TrimSpace(e.old), n, e.times)
		}
		text = strings.ReplaceAll(text, e.old, e.new)
	}
	return text, nil
}

// WriteFile writes a file that others may be reading, and writing too. It leaves one alone that has the text already, and its time
// of change, which caches look at.
func WriteFile(path, text string) error {
	if old, err := os.ReadFile(path); err == nil && string(old) == text {
		return nil
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "new-")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// releaseOf is go1.26 of go1.26.8.
func releaseOf(version string) string {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return version
	}
	return parts[0] + "." + parts[1]
}

func releases() (names []string) {
	for name := range ports {
		names = append(names, name)
	}
	return names
}
