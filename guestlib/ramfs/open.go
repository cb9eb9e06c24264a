package ramfs

import "syscall"

// Linux' flags of open that package syscall has no name for.
const (
	oPath    = 0x20_0000
	oTmpfile = 0x40_0000
)

// Open finds or makes the file that Linux' open would, and holds it.
func (f *FS) Open(at *Node, path string, flags int, mode uint32) (*Node, syscall.Errno) {
	f.lock.Lock()
	defer f.lock.Unlock()
	n, err := f.open(at, path, flags, mode)
	if err != 0 {
		return nil, err
	}
	n.opens++
	return n, 0
}

func (f *FS) open(at *Node, path string, flags int, mode uint32) (*Node, syscall.Errno) {
	write := flags&syscall.O_ACCMODE != syscall.O_RDONLY
	switch {
	case flags&oPath != 0:
		flags &= oPath | syscall.O_DIRECTORY | syscall.O_NOFOLLOW
		write = false
	case flags&oTmpfile != 0:
		return nil, syscall.EOPNOTSUPP
	case flags&syscall.O_CREAT != 0 && flags&syscall.O_DIRECTORY != 0:
		return nil, syscall.EINVAL
	}
	create, exclusive := flags&syscall.O_CREAT != 0, flags&syscall.O_CREAT != 0 && flags&syscall.O_EXCL != 0
	how := toEnd
	switch {
	case exclusive, create && flags&syscall.O_NOFOLLOW != 0:
		how = toName
	case create:
		how = toFile
	case flags&syscall.O_NOFOLLOW != 0:
		how = toLink
	}
	p, err := f.walk(at, path, how)
	switch n := p.node; {
	case err != 0:
		return nil, err
	case create && p.slash && !p.special():
		return nil, syscall.EISDIR
	case n == nil && create:
		return f.make(p, syscall.S_IFREG|mode&^syscall.S_IFMT)
	case n == nil:
		return nil, syscall.ENOENT
	case exclusive:
		return nil, syscall.EEXIST
	case flags&syscall.O_DIRECTORY != 0 && !n.IsDir():
		return nil, syscall.ENOTDIR
	case n.IsLink() && flags&oPath == 0:
		return nil, syscall.ELOOP
	case n.IsDir() && (write || create || flags&syscall.O_TRUNC != 0):
		return nil, syscall.EISDIR
	case n.IsFile() && flags&syscall.O_TRUNC != 0:
		n.resize(0)
		n.touch()
	}
	return p.node, 0
}

// make makes a node where nothing is.
func (f *FS) make(p place, mode uint32) (*Node, syscall.Errno) {
	if p.in.links == 0 {
		return nil, syscall.ENOENT // the directory was removed
	}
	n, err := f.newNode(mode)
	if err != 0 {
		return nil, err
	}
	if !f.take(nameCost) {
		f.free += nodeCost
		return nil, syscall.ENOSPC
	}
	n.links = 1
	if n.IsDir() {
		n.links, n.parent = 2, p.in
		p.in.links++
	}
	p.in.add(p.name, n)
	p.in.touch()
	return n, 0
}
