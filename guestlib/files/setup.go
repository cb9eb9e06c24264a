package files

import (
	"sync"
	"syscall"
	"time"
	"unsafe"

	"tuco/guestlib/calls"
	"tuco/guestlib/gate"
	"tuco/guestlib/ramfs"
	"tuco/guestlib/soft"
	"tuco/hypercall"
)

// first answers a program's first system calls: tools/goport has package syscall ask here. The first of them that has to do with
// files begins all that; a program that has none need not pay for it. That may be before almost all initialisation, because
// whoever opens a file when it is initialised has to find it: nothing here may need that of a variable.
//
//lint:ignore U1000 package syscall calls it
func first(trap uintptr, args [6]uintptr, onStack [6]unsafe.Pointer) (r1, r2 uintptr, err syscall.Errno, own bool) {
	if beginsFiles(trap) {
		start.Do(begin)
	}
	return calls.Answer(trap, args, onStack)
}

var start sync.Once

// begin makes no call that has to do with files.
func begin() {
	const pageSize, share = 4096, 3 // the collector may let as much garbage stand as there is in use
	free, _, _ := syscall.RawSyscall(gate.FreePages, 0, 0, 0)
	fs, err := newTree(int64(free)*pageSize/share, ramdisk())
	if err != nil {
		message := "guest: the ramdisk can't be used: " + err.Error() + "\n"
		syscall.Write(stderr, []byte(message))
		syscall.Exit(1)
	}
	p := newProcess(fs, guestNumbers{})
	if dir, ok := syscall.Getenv("PWD"); ok {
		if n, err := fs.Find(fs.Root(), dir, true); err == 0 {
			p.enter(n)
		}
	}
	p.handle()
	calls.Begin()
}

// Ramdisk is the archive that the domain's builder has mapped for it; nil if there is none, or the program is no guest. Who finds a file in it (package cpio) needs no memory for
// its content. Nobody may change it: the tree begins with it.
func Ramdisk() []byte {
	if !gate.Guest() {
		return nil
	}
	return ramdisk()
}

func ramdisk() []byte {
	at, _, _ := syscall.RawSyscall(gate.StartInfo, 0, 0, 0)
	info := (*hypercall.StartInfo)(pointer(at))
	if info.ModLen == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(pointer(uintptr(info.ModStart))), info.ModLen)
}

// pointer is one to memory that is none of Go's.
func pointer(at uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&at)) }

// newTree is a tree with what always is there, and what an archive has.
func newTree(size int64, archive []byte) (*ramfs.FS, error) {
	fs := ramfs.New(size, time.Now)
	root := fs.Root()
	fs.Mkdir(root, "dev", 0o755)
	for _, d := range devices {
		fs.Mknod(root, "/dev/"+d.name, syscall.S_IFCHR|0o666, ramfs.DeviceNumber(d.major, d.minor))
	}
	fs.Mkdir(root, "tmp", 0o1777)
	fs.Mkdir(root, "etc", 0o755)
	if n, err := fs.Open(root, "/etc/hosts", syscall.O_CREAT|syscall.O_WRONLY, 0o644); err == 0 {
		n.Write([]byte(hosts), 0, false)
		n.Release()
	}
	return fs, fs.Load(archive)
}

// hosts is /etc/hosts, where package net looks names up, if the archive has none.
const hosts = "127.0.0.1 localhost\n::1 localhost\n"

// guestNumbers are from the library's table.
type guestNumbers struct{}

func (guestNumbers) open(from int, exact, polled bool) (int, syscall.Errno) {
	kind := uintptr(gate.FileOpen)
	if polled {
		kind = gate.SoftOpen
	}
	exactly := uintptr(0)
	if exact {
		exactly = 1
	}
	n, _, err := syscall.RawSyscall(kind, uintptr(from), exactly, 0)
	return int(n), err
}

func (guestNumbers) close(number int) { soft.Descriptor(number).Close() }

func (guestNumbers) raise(number int, bits uint32) {
	if number > stderr {
		soft.Descriptor(number).Raise(soft.Ready(bits))
	}
}

func (guestNumbers) lower(number int, bits uint32) {
	if number > stderr {
		soft.Descriptor(number).Lower(soft.Ready(bits))
	}
}
