package files

import (
	"encoding/binary"
	"syscall"

	"tuco/guestlib/calls"
	"tuco/guestlib/ramfs"
)

// getdents writes down names of a directory, as Linux' struct linux_dirent64. The file's offset is the number of the last one.
func (p *process) getdents(f *file, c calls.Call) (uintptr, syscall.Errno) {
	const head, align = 19, 8
	switch {
	case f.access == oPath:
		return 0, syscall.EBADF
	case f.node == nil || !f.node.IsDir():
		return 0, syscall.ENOTDIR
	}
	f.lock.Lock()
	defer f.lock.Unlock()
	to, tooSmall := c.Bytes(1, 2), false
	done := 0
	err := f.node.ReadDir(f.offset, func(n ramfs.Name) bool {
		size := (head + len(n.Name) + 1 + align - 1) &^ (align - 1)
		if size > len(to)-done {
			tooSmall = done == 0
			return false
		}
		b := to[done : done+size]
		binary.LittleEndian.PutUint64(b, n.Ino)
		binary.LittleEndian.PutUint64(b[8:], uint64(n.Number))
		binary.LittleEndian.PutUint16(b[16:], uint16(size))
		b[18] = n.Kind
		clear(b[head+copy(b[head:], n.Name):])
		done += size
		f.offset = n.Number
		return true
	})
	if err == 0 && tooSmall {
		err = syscall.EINVAL
	}
	return uintptr(done), err
}
