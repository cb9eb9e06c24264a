package files

import (
	"syscall"

	"tuco/guestlib/ramfs"
)

// plain is an object that the poller knows nothing of.
type plain struct{}

func (plain) polled() bool   { return false }
func (plain) opened(int)     {}
func (plain) closed(int)     {}
func (plain) end(*file)      {}
func (plain) seekable() bool { return true }

// stored is an ordinary file.
type stored struct {
	plain
	node *ramfs.Node
}

func (s stored) read(_ *file, to []byte, at int64) (int, syscall.Errno) {
	return s.node.Read(to, at), 0
}

func (s stored) write(_ *file, from []byte, at int64, atEnd bool) (int, int64, syscall.Errno) {
	return s.node.Write(from, at, atEnd)
}

// directory is one, which is read in another way.
type directory struct{ plain }

func (directory) read(*file, []byte, int64) (int, syscall.Errno) { return 0, syscall.EISDIR }

func (directory) write(*file, []byte, int64, bool) (int, int64, syscall.Errno) {
	return 0, 0, syscall.EBADF
}

// named is what was opened by O_PATH.
type named struct{ plain }

func (named) read(*file, []byte, int64) (int, syscall.Errno) { return 0, syscall.EBADF }

func (named) write(*file, []byte, int64, bool) (int, int64, syscall.Errno) {
	return 0, 0, syscall.EBADF
}

// open opens a path.
func (p *process) open(at *ramfs.Node, path string, flags int, mode uint32) (int, syscall.Errno) {
	n, err := p.fs.Open(at, path, flags, mode&^p.mask())
	if err != 0 {
		return 0, err
	}
	f := newFile(n, nil, flags)
	switch kind, device := n.Device(); {
	case flags&oPath != 0:
		f.object = named{}
	case n.IsDir():
		f.object = directory{}
	case n.IsFile():
		f.object = stored{node: n}
	case kind == syscall.S_IFIFO:
		f.object, err = p.openNamed(n, f)
	case device>>8 == standardMajor:
		n.Release()
		return p.reopen(int(device&0xff), flags)
	default:
		f.object, err = openDevice(device)
	}
	if err != 0 {
		n.Release()
		return 0, err
	}
	number, err := p.add(f, 0, false, flags&syscall.O_CLOEXEC != 0)
	if err != 0 {
		f.drop()
	}
	return number, err
}

// reopen is a further descriptor of a standard file.
func (p *process) reopen(number, flags int) (int, syscall.Errno) {
	f := p.find(number)
	if f == nil {
		f = newFile(nil, console{}, flags)
	}
	return p.add(f, 0, false, flags&syscall.O_CLOEXEC != 0)
}
