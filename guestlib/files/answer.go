package files

import (
	"syscall"

	"tuco/guestlib/calls"
)

// Linux' numbers of system calls that package syscall has no name for.
const (
	sysRenameat2  = 316
	sysFaccessat2 = 439
	sysFchmodat2  = 452
)

// byPath is the calls that take paths. All of them are ours.
var byPath = [...]struct {
	number uintptr
	do     func(*process, calls.Call) (uintptr, syscall.Errno)
}{
	{syscall.SYS_OPEN, func(p *process, c calls.Call) (uintptr, syscall.Errno) { return p.openAt(c, here, 0) }},
	{syscall.SYS_OPENAT, func(p *process, c calls.Call) (uintptr, syscall.Errno) { return p.openAt(c, c.Int(0), 1) }},
	{syscall.SYS_CREAT, (*process).creat},
	{syscall.SYS_STAT, func(p *process, c calls.Call) (uintptr, syscall.Errno) { return p.statAt(c, here, 0, 0) }},
	{syscall.SYS_LSTAT, func(p *process, c calls.Call) (uintptr, syscall.Errno) { return p.statAt(c, here, 0, noFollow) }},
	{syscall.SYS_NEWFSTATAT, func(p *process, c calls.Call) (uintptr, syscall.Errno) { return p.statAt(c, c.Int(0), 1, c.Int(3)) }},
	{syscall.SYS_ACCESS, func(p *process, c calls.Call) (uintptr, syscall.Errno) { return p.accessAt(c, here, 0, 0) }},
	{syscall.SYS_FACCESSAT, func(p *process, c calls.Call) (uintptr, syscall.Errno) { return p.accessAt(c, c.Int(0), 1, 0) }},
	{sysFaccessat2, func(p *process, c calls.Call) (uintptr, syscall.Errno) { return p.accessAt(c, c.Int(0), 1, c.Int(3)) }},
	{syscall.SYS_MKDIR, func(p *process, c calls.Call) (uintptr, syscall.Errno) { return p.mkdirAt(c, here, 0) }},
	{syscall.SYS_MKDIRAT, func(p *process, c calls.Call) (uintptr, syscall.Errno) { return p.mkdirAt(c, c.Int(0), 1) }},
	{syscall.SYS_MKNOD, func(p *process, c calls.Call) (uintptr, syscall.Errno) { return p.mknodAt(c, here, 0) }},
	{syscall.SYS_MKNODAT, func(p *process, c calls.Call) (uintptr, syscall.Errno) { return p.mknodAt(c, c.Int(0), 1) }},
	{syscall.SYS_SYMLINK, func(p *process, c calls.Call) (uintptr, syscall.Errno) { return p.symlinkAt(c, here, 1) }},
	{syscall.SYS_SYMLINKAT, func(p *process, c calls.Call) (uintptr, syscall.Errno) { return p.symlinkAt(c, c.Int(1), 2) }},
	{syscall.SYS_LINK, func(p *process, c calls.Call) (uintptr, syscall.Errno) { return p.linkAt(c, here, 0, here, 1, 0) }},
	{syscall.SYS_LINKAT, func(p *process, c calls.Call) (uintptr, syscall.Errno) {
		return p.linkAt(c, c.Int(0), 1, c.Int(2), 3, c.Int(4))
	}},
	{syscall.SYS_UNLINK, func(p *process, c calls.Call) (uintptr, syscall.Errno) { return p.unlinkAt(c, here, 0, 0) }},
	{syscall.SYS_RMDIR, func(p *process, c calls.Call) (uintptr, syscall.Errno) { return p.unlinkAt(c, here, 0, removeDir) }},
	{syscall.SYS_UNLINKAT, func(p *process, c calls.Call) (uintptr, syscall.Errno) { return p.unlinkAt(c, c.Int(0), 1, c.Int(2)) }},
	{syscall.SYS_RENAME, func(p *process, c calls.Call) (uintptr, syscall.Errno) { return p.renameAt(c, here, 0, here, 1, 0) }},
	{syscall.SYS_RENAMEAT, func(p *process, c calls.Call) (uintptr, syscall.Errno) {
		return p.renameAt(c, c.Int(0), 1, c.Int(2), 3, 0)
	}},
	{sysRenameat2, func(p *process, c calls.Call) (uintptr, syscall.Errno) {
		return p.renameAt(c, c.Int(0), 1, c.Int(2), 3, uint32(c.Args[4]))
	}},
	{syscall.SYS_READLINK, func(p *process, c calls.Call) (uintptr, syscall.Errno) { return p.readlinkAt(c, here, 0) }},
	{syscall.SYS_READLINKAT, func(p *process, c calls.Call) (uintptr, syscall.Errno) { return p.readlinkAt(c, c.Int(0), 1) }},
	{syscall.SYS_CHMOD, func(p *process, c calls.Call) (uintptr, syscall.Errno) { return p.chmodAt(c, here, 0, 0) }},
	{syscall.SYS_FCHMODAT, func(p *process, c calls.Call) (uintptr, syscall.Errno) { return p.chmodAt(c, c.Int(0), 1, 0) }},
	{sysFchmodat2, func(p *process, c calls.Call) (uintptr, syscall.Errno) { return p.chmodAt(c, c.Int(0), 1, c.Int(3)) }},
	{syscall.SYS_CHOWN, func(p *process, c calls.Call) (uintptr, syscall.Errno) { return p.chownAt(c, here, 0, 0) }},
	{syscall.SYS_LCHOWN, func(p *process, c calls.Call) (uintptr, syscall.Errno) { return p.chownAt(c, here, 0, noFollow) }},
	{syscall.SYS_FCHOWNAT, func(p *process, c calls.Call) (uintptr, syscall.Errno) { return p.chownAt(c, c.Int(0), 1, c.Int(4)) }},
	{syscall.SYS_UTIMENSAT, (*process).utimensat},
	{syscall.SYS_TRUNCATE, (*process).truncate},
	{syscall.SYS_STATFS, (*process).statfs},
	{syscall.SYS_CHDIR, (*process).chdir},
	{syscall.SYS_GETCWD, (*process).getcwd},
	{syscall.SYS_UMASK, (*process).setUmask},
	{syscall.SYS_PIPE2, (*process).pipe2},
	{syscall.SYS_PIPE, (*process).pipe2},
	{syscall.SYS_SYNC, func(*process, calls.Call) (uintptr, syscall.Errno) { return 0, 0 }},
}

// byNumber is the calls whose first argument is a descriptor. They are ours if it is.
var byNumber = [...]struct {
	number uintptr
	do     func(*process, *file, calls.Call) (uintptr, syscall.Errno)
}{
	{syscall.SYS_READ, (*process).read},
	{syscall.SYS_WRITE, (*process).write},
	{syscall.SYS_PREAD64, (*process).pread},
	{syscall.SYS_PWRITE64, (*process).pwrite},
	{syscall.SYS_READV, (*process).readv},
	{syscall.SYS_WRITEV, (*process).writev},
	{syscall.SYS_LSEEK, (*process).lseek},
	{syscall.SYS_CLOSE, (*process).close},
	{syscall.SYS_FSTAT, (*process).fstat},
	{syscall.SYS_FSTATFS, (*process).fstatfs},
	{syscall.SYS_FCHMOD, (*process).fchmod},
	{syscall.SYS_FCHOWN, (*process).fchown},
	{syscall.SYS_FTRUNCATE, (*process).ftruncate},
	{syscall.SYS_FCHDIR, (*process).fchdir},
	{syscall.SYS_FSYNC, synced},
	{syscall.SYS_FDATASYNC, synced},
	{syscall.SYS_GETDENTS64, (*process).getdents},
	{syscall.SYS_FCNTL, (*process).fcntl},
	{syscall.SYS_DUP, (*process).dup},
	{syscall.SYS_DUP2, (*process).dup2},
	{syscall.SYS_DUP3, (*process).dup3},
	{syscall.SYS_IOCTL, func(*process, *file, calls.Call) (uintptr, syscall.Errno) { return 0, syscall.ENOTTY }},
}

// beginsFiles tells whether a call is one that there have to be files for. Of the descriptors, those that are there without know
// how to be read, written to, closed and controlled.
func beginsFiles(number uintptr) bool {
	switch number {
	case syscall.SYS_READ, syscall.SYS_WRITE, syscall.SYS_CLOSE, syscall.SYS_FCNTL:
		return false
	}
	for i := range byPath {
		if byPath[i].number == number {
			return true
		}
	}
	for i := range byNumber {
		if byNumber[i].number == number {
			return true
		}
	}
	return false
}

// answer answers a call.
func (p *process) answer(c calls.Call) (r uintptr, err syscall.Errno, own bool) {
	for i := range byPath {
		if h := &byPath[i]; h.number == c.Number {
			r, err = h.do(p, c)
			return r, err, true
		}
	}
	f := p.find(c.Int(0))
	if f == nil {
		return p.standard(c)
	}
	for i := range byNumber {
		if h := &byNumber[i]; h.number == c.Number {
			r, err = h.do(p, f, c)
			return r, err, true
		}
	}
	return 0, 0, false
}

// handle has package calls ask us.
func (p *process) handle() {
	for _, h := range byPath {
		calls.Handle(p.answer, h.number)
	}
	for _, h := range byNumber {
		calls.Handle(p.answer, h.number)
	}
}
