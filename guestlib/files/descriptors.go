package files

import (
	"math"
	"syscall"
	"unsafe"

	"tuco/guestlib/calls"
	"tuco/guestlib/ramfs"
)

func (p *process) read(f *file, c calls.Call) (uintptr, syscall.Errno) {
	n, err := f.readNext(c.Bytes(1, 2))
	return uintptr(n), err
}

// readNext reads where the offset is.
func (f *file) readNext(to []byte) (n int, err syscall.Errno) {
	switch {
	case !f.readable():
		return 0, syscall.EBADF
	case !f.seekable():
		return f.object.read(f, to, 0)
	}
	f.lock.Lock()
	defer f.lock.Unlock()
	n, err = f.object.read(f, to, f.offset)
	f.offset += int64(n)
	return n, err
}

func (p *process) write(f *file, c calls.Call) (uintptr, syscall.Errno) {
	n, err := f.writeNext(c.Bytes(1, 2))
	return uintptr(n), err
}

func (f *file) writeNext(from []byte) (n int, err syscall.Errno) {
	switch {
	case !f.writable():
		return 0, syscall.EBADF
	case !f.seekable():
		n, _, err = f.object.write(f, from, 0, false)
		return n, err
	}
	f.lock.Lock()
	defer f.lock.Unlock()
	n, f.offset, err = f.object.write(f, from, f.offset, f.flags&syscall.O_APPEND != 0)
	return n, err
}

func (p *process) pread(f *file, c calls.Call) (uintptr, syscall.Errno) {
	at := int64(c.Args[3])
	switch {
	case at < 0:
		return 0, syscall.EINVAL
	case !f.seekable():
		return 0, syscall.ESPIPE
	case !f.readable():
		return 0, syscall.EBADF
	}
	n, err := f.object.read(f, c.Bytes(1, 2), at)
	return uintptr(n), err
}

// pwrite appends, as on Linux, if the file was opened so.
func (p *process) pwrite(f *file, c calls.Call) (uintptr, syscall.Errno) {
	at := int64(c.Args[3])
	switch {
	case at < 0:
		return 0, syscall.EINVAL
	case !f.seekable():
		return 0, syscall.ESPIPE
	case !f.writable():
		return 0, syscall.EBADF
	}
	n, _, err := f.object.write(f, c.Bytes(1, 2), at, f.status()&syscall.O_APPEND != 0)
	return uintptr(n), err
}

// maxVectors is how many buffers Linux takes in a call.
const maxVectors = 1024

// vectors does something with each buffer of a call with many, until one is not filled.
func vectors(c calls.Call, do func([]byte) (int, syscall.Errno)) (total uintptr, err syscall.Errno) {
	if c.Args[2] > maxVectors {
		return 0, syscall.EINVAL
	}
	for i := range c.Args[2] {
		// The list may be on the stack, which moves.
		v := (*syscall.Iovec)(unsafe.Add(c.Pointer(1), i*unsafe.Sizeof(syscall.Iovec{})))
		if v.Len == 0 {
			continue
		}
		b := unsafe.Slice(v.Base, v.Len)
		n, err := do(b)
		total += uintptr(n)
		switch {
		case err != 0 && total == 0:
			return 0, err
		case err != 0 || n < len(b):
			return total, 0
		}
	}
	return total, 0
}

// readv fills one buffer only of what may have to be waited for: what is there already does not wait for more.
func (p *process) readv(f *file, c calls.Call) (uintptr, syscall.Errno) {
	over := false
	return vectors(c, func(to []byte) (int, syscall.Errno) {
		if over {
			return 0, 0
		}
		over = !f.seekable()
		return f.readNext(to)
	})
}

func (p *process) writev(f *file, c calls.Call) (uintptr, syscall.Errno) {
	return vectors(c, f.writeNext)
}

func (p *process) lseek(f *file, c calls.Call) (uintptr, syscall.Errno) {
	const fromStart, fromHere, fromEnd = 0, 1, 2
	offset := int64(c.Args[1])
	switch {
	case f.access == oPath:
		return 0, syscall.EBADF
	case !f.seekable():
		return 0, syscall.ESPIPE
	}
	f.lock.Lock()
	defer f.lock.Unlock()
	base := int64(0)
	switch c.Int(2) {
	case fromStart:
	case fromHere:
		base = f.offset
	case fromEnd:
		if f.node != nil && !f.node.IsDir() {
			base = f.node.Stat().Size
		}
	default:
		return 0, syscall.EINVAL
	}
	switch {
	case offset > math.MaxInt64-base:
		return 0, syscall.EOVERFLOW
	case base+offset < 0:
		return 0, syscall.EINVAL
	}
	if kind, _ := f.kind(); kind == syscall.S_IFCHR {
		return 0, 0
	}
	f.offset = base + offset
	return uintptr(f.offset), 0
}

// kind is the type of what the file is, and its device number.
func (f *file) kind() (uint32, uint64) {
	if f.node != nil {
		return f.node.Device()
	}
	if f.polled() {
		return syscall.S_IFIFO, 0
	}
	return syscall.S_IFCHR, ramfs.DeviceNumber(5, 1)
}

func (p *process) close(_ *file, c calls.Call) (uintptr, syscall.Errno) {
	return 0, p.remove(c.Int(0))
}

func (p *process) fstat(f *file, c calls.Call) (uintptr, syscall.Errno) {
	*(*syscall.Stat_t)(c.Pointer(1)) = f.stat()
	return 0, 0
}

func (f *file) stat() syscall.Stat_t {
	if f.node != nil {
		return f.node.Stat()
	}
	kind, device := f.kind()
	return syscall.Stat_t{Ino: 1, Nlink: 1, Mode: kind | 0o600, Rdev: device, Blksize: ramfs.BlockSize}
}

func (p *process) fstatfs(_ *file, c calls.Call) (uintptr, syscall.Errno) {
	p.tellUsage(c.Pointer(1))
	return 0, 0
}

// named is the node behind a descriptor, for calls that change it.
func (f *file) named() (*ramfs.Node, syscall.Errno) {
	switch {
	case f.access == oPath:
		return nil, syscall.EBADF
	case f.node == nil:
		return nil, syscall.EINVAL
	}
	return f.node, 0
}

func (p *process) fchmod(f *file, c calls.Call) (uintptr, syscall.Errno) {
	n, err := f.named()
	if err == 0 {
		n.Chmod(uint32(c.Args[1]))
	}
	return 0, err
}

func (p *process) fchown(f *file, c calls.Call) (uintptr, syscall.Errno) {
	n, err := f.named()
	if err == 0 {
		n.Chown(c.Int(1), c.Int(2))
	}
	return 0, err
}

func (p *process) ftruncate(f *file, c calls.Call) (uintptr, syscall.Errno) {
	n, err := f.named()
	if int64(c.Args[1]) < 0 || err == 0 && !f.writable() {
		err = syscall.EINVAL
	}
	if err == 0 {
		err = n.Truncate(int64(c.Args[1]))
	}
	return 0, err
}

func (p *process) fchdir(f *file, _ calls.Call) (uintptr, syscall.Errno) {
	if f.node == nil {
		return 0, syscall.ENOTDIR
	}
	return 0, p.enter(f.node)
}

// synced is a file written down as well as it can be.
func synced(_ *process, f *file, _ calls.Call) (uintptr, syscall.Errno) {
	_, err := f.named()
	return 0, err
}

func (p *process) fcntl(f *file, c calls.Call) (uintptr, syscall.Errno) {
	const closeOnExec, pipeSizeGet = 1, 1032
	number := c.Int(0)
	switch c.Int(1) {
	case syscall.F_DUPFD, syscall.F_DUPFD_CLOEXEC:
		if c.Int(2) < 0 {
			return 0, syscall.EINVAL
		}
		n, err := p.add(f, c.Int(2), false, c.Int(1) == syscall.F_DUPFD_CLOEXEC)
		return uintptr(n), err
	case syscall.F_GETFD:
		p.lock.RLock()
		defer p.lock.RUnlock()
		if p.table[number].closeOnExec {
			return closeOnExec, 0
		}
		return 0, 0
	case syscall.F_SETFD:
		p.lock.Lock()
		defer p.lock.Unlock()
		p.table[number].closeOnExec = c.Args[2]&closeOnExec != 0
		return 0, 0
	case syscall.F_GETFL:
		return uintptr(f.status()), 0
	case syscall.F_SETFL:
		const settable = syscall.O_APPEND | syscall.O_NONBLOCK | syscall.O_ASYNC | syscall.O_DIRECT | syscall.O_NOATIME
		f.lock.Lock()
		defer f.lock.Unlock()
		f.flags = f.flags&^settable | c.Int(2)&settable
		return 0, 0
	case pipeSizeGet:
		if f.polled() {
			return pipeSize, 0
		}
	}
	return 0, syscall.EINVAL
}

func (p *process) dup(f *file, _ calls.Call) (uintptr, syscall.Errno) {
	n, err := p.add(f, 0, false, false)
	return uintptr(n), err
}

func (p *process) dup2(f *file, c calls.Call) (uintptr, syscall.Errno) {
	if c.Int(0) == c.Int(1) {
		return c.Args[1], 0
	}
	return p.dupTo(f, c.Int(1), false)
}

func (p *process) dup3(f *file, c calls.Call) (uintptr, syscall.Errno) {
	if c.Int(0) == c.Int(1) || c.Int(2)&^syscall.O_CLOEXEC != 0 {
		return 0, syscall.EINVAL
	}
	return p.dupTo(f, c.Int(1), c.Int(2) != 0)
}

func (p *process) dupTo(f *file, number int, closeOnExec bool) (uintptr, syscall.Errno) {
	if number < 0 {
		return 0, syscall.EBADF
	}
	n, err := p.add(f, number, true, closeOnExec)
	return uintptr(n), err
}

// standard answers calls on the console's descriptors that the library below does not know.
func (p *process) standard(c calls.Call) (uintptr, syscall.Errno, bool) {
	number := c.Int(0)
	if number < stdin || number > stderr {
		return 0, 0, false
	}
	f := newFile(nil, console{}, syscall.O_RDWR)
	var r uintptr
	var err syscall.Errno
	switch c.Number {
	case syscall.SYS_FSTAT:
		r, err = p.fstat(f, c)
	case syscall.SYS_LSEEK, syscall.SYS_PREAD64, syscall.SYS_PWRITE64:
		err = syscall.ESPIPE
	case syscall.SYS_WRITEV:
		r, err = p.writev(f, c)
	case syscall.SYS_READV:
		r, err = p.readv(f, c)
	case syscall.SYS_FSYNC, syscall.SYS_FDATASYNC:
		err = syscall.EINVAL
	case syscall.SYS_FCNTL:
		if cmd := c.Int(1); cmd != syscall.F_DUPFD && cmd != syscall.F_DUPFD_CLOEXEC {
			return 0, 0, false
		}
		r, err = p.fcntl(f, c)
	case syscall.SYS_DUP:
		r, err = p.dup(f, c)
	case syscall.SYS_DUP2:
		r, err = p.dup2(f, c)
	case syscall.SYS_DUP3:
		r, err = p.dup3(f, c)
	default:
		return 0, 0, false
	}
	return r, err, true
}
