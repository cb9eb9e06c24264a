package files

import (
	"syscall"
	"unsafe"

	"tuco/guestlib/gate"
	"tuco/guestlib/ramfs"
)

// standardMajor is the major number, one that Linux leaves to everybody's own use, of /dev/stdin and its kin. The minor number
// is the descriptor.
const standardMajor = 240

// devices is what /dev has, by Linux' numbers.
var devices = [...]struct {
	name         string
	major, minor uint32
	object       object
}{
	{"null", 1, 3, null{}},
	{"zero", 1, 5, zero{}},
	{"full", 1, 7, full{}},
	{"random", 1, 8, random{}},
	{"urandom", 1, 9, random{}},
	{"tty", 5, 0, console{}},
	{"console", 5, 1, console{}},
	{"stdin", standardMajor, stdin, nil},
	{"stdout", standardMajor, stdout, nil},
	{"stderr", standardMajor, stderr, nil},
}

// openDevice is a device. ENXIO: there is none with that number.
func openDevice(number uint64) (object, syscall.Errno) {
	for _, d := range devices {
		if ramfs.DeviceNumber(d.major, d.minor) == number {
			return d.object, 0
		}
	}
	return nil, syscall.ENXIO
}

type null struct{ plain }

func (null) read(*file, []byte, int64) (int, syscall.Errno) { return 0, 0 }

func (null) write(_ *file, from []byte, _ int64, _ bool) (int, int64, syscall.Errno) {
	return len(from), 0, 0
}

type zero struct{ null }

func (zero) read(_ *file, to []byte, _ int64) (int, syscall.Errno) {
	clear(to)
	return len(to), 0
}

type full struct{ zero }

func (full) write(*file, []byte, int64, bool) (int, int64, syscall.Errno) {
	return 0, 0, syscall.ENOSPC
}

type random struct{ null }

func (random) read(_ *file, to []byte, _ int64) (int, syscall.Errno) {
	n, _, err := syscall.RawSyscall(sysGetrandom, uintptr(unsafe.Pointer(unsafe.SliceData(to))), uintptr(len(to)), 0)
	return int(n), err
}

const sysGetrandom = 318

// console is the guest's, which the library below reads and writes.
type console struct{ plain }

func (console) seekable() bool { return false }

// read waits for somebody who types, and keeps nobody else from running.
func (console) read(_ *file, to []byte, _ int64) (int, syscall.Errno) {
	n, _, err := syscall.Syscall(gate.ConsoleRead, uintptr(unsafe.Pointer(unsafe.SliceData(to))), uintptr(len(to)), 0)
	return int(n), err
}

func (console) write(_ *file, from []byte, _ int64, _ bool) (int, int64, syscall.Errno) {
	n, _, err := syscall.Syscall(gate.ConsoleWrite, uintptr(unsafe.Pointer(unsafe.SliceData(from))), uintptr(len(from)), 0)
	return int(n), 0, err
}
