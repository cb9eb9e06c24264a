package files

import (
	"syscall"
	"time"
	"unsafe"

	"tuco/guestlib/calls"
	"tuco/guestlib/gate"
	"tuco/guestlib/ramfs"
	"tuco/guestlib/soft"
	"tuco/hypercall"
)

// setup sees to it that calls are answered. tools/goport has package os call it first of all, before any package can open a file that
// stands on os; so nothing here may need a variable's initialisation when the program starts.
//
//lint:ignore U1000 package os calls it
func setup() {
	if gate.Guest() {
		calls.Late(begin)
	}
}

// begin comes before the first call is answered.
func begin() {
	const pageSize, share = 4096, 2
	free, _, _ := syscall.RawSyscall(gate.FreePages, 0, 0, 0)
	fs, err := newTree(int64(free)*pageSize/share, ramdisk())
	if err != nil {
		message := []byte("guest: the ramdisk can't be used: " + err.Error() + "\n")
		gate.Call(syscall.SYS_WRITE, stderr, uintptr(unsafe.Pointer(&message[0])), uintptr(len(message)), 0, 0)
		gate.Call(syscall.SYS_EXIT_GROUP, 1, 0, 0, 0, 0)
	}
	p := newProcess(fs, guestNumbers{})
	if dir, ok := syscall.Getenv("PWD"); ok {
		if n, err := fs.Find(fs.Root(), dir, true); err == 0 {
			p.enter(n)
		}
	}
	p.handle()
}

// ramdisk is the module that the builder has mapped for the guest.
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
	return fs, fs.Load(archive)
}

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
