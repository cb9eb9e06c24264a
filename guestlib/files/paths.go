package files

import (
	"syscall"
	"time"
	"unsafe"

	"tuco/guestlib/calls"
	"tuco/guestlib/ramfs"
)

// Linux' constants of calls with a directory.
const (
	here       = -100   // AT_FDCWD
	noFollow   = 0x100  // AT_SYMLINK_NOFOLLOW
	removeDir  = 0x200  // AT_REMOVEDIR, and AT_EACCESS
	followLink = 0x400  // AT_SYMLINK_FOLLOW
	emptyPath  = 0x1000 // AT_EMPTY_PATH
)

// at is a path argument, and the directory that it begins in.
func (p *process) at(c calls.Call, number, arg int) (dir *ramfs.Node, path string, err syscall.Errno) {
	if path, err = c.Text(arg, ramfs.MaxPath); err != 0 {
		return nil, "", err
	}
	switch {
	case path != "" && path[0] == '/':
		return p.fs.Root(), path, 0
	case number == here:
		p.lock.RLock()
		defer p.lock.RUnlock()
		return p.cwd, path, 0
	}
	f := p.find(number)
	switch {
	case f == nil:
		return nil, "", syscall.EBADF
	case f.node == nil:
		return nil, "", syscall.ENOTDIR
	}
	return f.node, path, 0
}

// node is what a path argument leads to. With emptyPath among the flags the path may be empty: the descriptor is meant.
func (p *process) node(c calls.Call, number, arg, flags int) (*ramfs.Node, syscall.Errno) {
	dir, path, err := p.at(c, number, arg)
	if err != 0 {
		return nil, err
	}
	if path == "" && flags&emptyPath != 0 {
		return dir, 0
	}
	return p.fs.Find(dir, path, flags&noFollow == 0)
}

func (p *process) openAt(c calls.Call, number, arg int) (uintptr, syscall.Errno) {
	dir, path, err := p.at(c, number, arg)
	if err != 0 {
		return 0, err
	}
	n, err := p.open(dir, path, c.Int(arg+1), uint32(c.Args[arg+2])&0o7777)
	return uintptr(n), err
}

func (p *process) creat(c calls.Call) (uintptr, syscall.Errno) {
	dir, path, err := p.at(c, here, 0)
	if err != 0 {
		return 0, err
	}
	n, err := p.open(dir, path, syscall.O_CREAT|syscall.O_WRONLY|syscall.O_TRUNC, uint32(c.Args[1])&0o7777)
	return uintptr(n), err
}

func (p *process) statAt(c calls.Call, number, arg, flags int) (uintptr, syscall.Errno) {
	n, err := p.node(c, number, arg, flags)
	if err == 0 {
		*(*syscall.Stat_t)(c.Pointer(arg + 1)) = n.Stat()
	}
	return 0, err
}

// accessAt: root may everything but execute what nobody may.
func (p *process) accessAt(c calls.Call, number, arg, flags int) (uintptr, syscall.Errno) {
	const execute = 1
	n, err := p.node(c, number, arg, flags)
	if err == 0 && c.Args[arg+1]&execute != 0 && n.Stat().Mode&0o111 == 0 {
		err = syscall.EACCES
	}
	return 0, err
}

func (p *process) mkdirAt(c calls.Call, number, arg int) (uintptr, syscall.Errno) {
	dir, path, err := p.at(c, number, arg)
	if err == 0 {
		err = p.fs.Mkdir(dir, path, uint32(c.Args[arg+1])&^p.mask())
	}
	return 0, err
}

func (p *process) mknodAt(c calls.Call, number, arg int) (uintptr, syscall.Errno) {
	dir, path, err := p.at(c, number, arg)
	if err == 0 {
		err = p.fs.Mknod(dir, path, uint32(c.Args[arg+1])&^p.mask(), uint64(c.Args[arg+2]))
	}
	return 0, err
}

func (p *process) symlinkAt(c calls.Call, number, arg int) (uintptr, syscall.Errno) {
	target, err := c.Text(0, ramfs.MaxPath)
	if err != 0 {
		return 0, err
	}
	dir, path, err := p.at(c, number, arg)
	if err == 0 {
		err = p.fs.Symlink(target, dir, path)
	}
	return 0, err
}

func (p *process) linkAt(c calls.Call, fromNumber, from, toNumber, to, flags int) (uintptr, syscall.Errno) {
	n, err := p.node(c, fromNumber, from, flags&emptyPath|(^flags&followLink)/followLink*noFollow)
	if err != 0 {
		return 0, err
	}
	dir, path, err := p.at(c, toNumber, to)
	if err == 0 {
		err = p.fs.Link(n, dir, path)
	}
	return 0, err
}

func (p *process) unlinkAt(c calls.Call, number, arg, flags int) (uintptr, syscall.Errno) {
	dir, path, err := p.at(c, number, arg)
	switch {
	case err != 0:
	case flags&^removeDir != 0:
		err = syscall.EINVAL
	case flags&removeDir != 0:
		err = p.fs.Rmdir(dir, path)
	default:
		err = p.fs.Unlink(dir, path)
	}
	return 0, err
}

func (p *process) renameAt(c calls.Call, fromNumber, from, toNumber, to int, flags uint32) (uintptr, syscall.Errno) {
	fromDir, fromPath, err := p.at(c, fromNumber, from)
	if err != 0 {
		return 0, err
	}
	toDir, toPath, err := p.at(c, toNumber, to)
	if err == 0 {
		err = p.fs.Rename(fromDir, fromPath, toDir, toPath, flags)
	}
	return 0, err
}

// readlinkAt's path may be empty: the descriptor is meant, which has to be a link.
func (p *process) readlinkAt(c calls.Call, number, arg int) (uintptr, syscall.Errno) {
	if c.Int(arg+2) <= 0 {
		return 0, syscall.EINVAL
	}
	n, err := p.node(c, number, arg, noFollow|emptyPath)
	if err != 0 {
		return 0, err
	}
	target, err := n.Readlink()
	if path, _ := c.Text(arg, ramfs.MaxPath); err != 0 && path == "" {
		err = syscall.ENOENT
	}
	return uintptr(copy(c.Bytes(arg+1, arg+2), target)), err
}

func (p *process) chmodAt(c calls.Call, number, arg, flags int) (uintptr, syscall.Errno) {
	n, err := p.node(c, number, arg, flags)
	switch {
	case err != 0:
		return 0, err
	case n.IsLink():
		return 0, syscall.EOPNOTSUPP
	}
	n.Chmod(uint32(c.Args[arg+1]))
	return 0, 0
}

func (p *process) chownAt(c calls.Call, number, arg, flags int) (uintptr, syscall.Errno) {
	n, err := p.node(c, number, arg, flags)
	if err == 0 {
		n.Chown(c.Int(arg+1), c.Int(arg+2))
	}
	return 0, err
}

// utimensat's path may be NULL: the descriptor is meant.
func (p *process) utimensat(c calls.Call) (_ uintptr, err syscall.Errno) {
	const now, omit = 1<<30 - 1, 1<<30 - 2
	var n *ramfs.Node
	if c.Args[1] != 0 {
		n, err = p.node(c, c.Int(0), 1, c.Int(3))
	} else if f := p.find(c.Int(0)); f == nil {
		err = syscall.EBADF
	} else if n = f.node; n == nil {
		err = syscall.EINVAL
	}
	if err != 0 {
		return 0, err
	}
	t := p.fs.Now()
	times := [2]*time.Time{&t, &t}
	if c.Args[2] != 0 {
		for i, set := range (*[2]syscall.Timespec)(c.Pointer(2)) {
			switch {
			case set.Nsec == omit:
				times[i] = nil
			case set.Nsec == now:
			case set.Nsec < 0 || set.Nsec >= 1e9:
				return 0, syscall.EINVAL
			default:
				at := time.Unix(set.Unix())
				times[i] = &at
			}
		}
	}
	n.SetTimes(times[0], times[1])
	return 0, 0
}

func (p *process) truncate(c calls.Call) (uintptr, syscall.Errno) {
	n, err := p.node(c, here, 0, 0)
	if err == 0 {
		err = n.Truncate(int64(c.Args[1]))
	}
	return 0, err
}

func (p *process) chdir(c calls.Call) (uintptr, syscall.Errno) {
	n, err := p.node(c, here, 0, 0)
	if err == 0 {
		err = p.enter(n)
	}
	return 0, err
}

// enter makes a directory the working directory.
func (p *process) enter(n *ramfs.Node) syscall.Errno {
	if !n.IsDir() {
		return syscall.ENOTDIR
	}
	if err := n.Hold(); err != 0 {
		return err
	}
	p.lock.Lock()
	old := p.cwd
	p.cwd = n
	p.lock.Unlock()
	old.Release()
	return 0
}

func (p *process) getcwd(c calls.Call) (uintptr, syscall.Errno) {
	p.lock.RLock()
	n := p.cwd
	p.lock.RUnlock()
	path, err := n.Path()
	to := c.Bytes(0, 1)
	switch {
	case err != 0:
		return 0, err
	case len(path) >= len(to):
		return 0, syscall.ERANGE
	}
	copy(to, path)
	to[len(path)] = 0
	return uintptr(len(path) + 1), 0
}

func (p *process) setUmask(c calls.Call) (uintptr, syscall.Errno) {
	p.lock.Lock()
	defer p.lock.Unlock()
	old := p.umask
	p.umask = uint32(c.Args[0]) & 0o777
	return uintptr(old), 0
}

func (p *process) mask() uint32 {
	p.lock.RLock()
	defer p.lock.RUnlock()
	return p.umask
}

func (p *process) statfs(c calls.Call) (uintptr, syscall.Errno) {
	_, err := p.node(c, here, 0, 0)
	if err == 0 {
		p.tellUsage(c.Pointer(1))
	}
	return 0, err
}

func (p *process) tellUsage(to unsafe.Pointer) {
	const tmpfs = 0x0102_1994 // the kind of file system that it is most like
	blocks, free := p.fs.Usage()
	*(*syscall.Statfs_t)(to) = syscall.Statfs_t{
		Type: tmpfs, Bsize: ramfs.BlockSize, Frsize: ramfs.BlockSize, Namelen: ramfs.MaxName,
		Blocks: uint64(blocks), Bfree: uint64(free), Bavail: uint64(free),
	}
}

func (p *process) pipe2(c calls.Call) (uintptr, syscall.Errno) {
	flags := 0
	if c.Number == syscall.SYS_PIPE2 {
		flags = c.Int(1)
	}
	n, err := p.pipe(flags)
	if err == 0 {
		*(*[2]int32)(c.Pointer(0)) = [2]int32{int32(n[out]), int32(n[in])}
	}
	return 0, err
}
