package ramfs

import "syscall"

// Linux' flags of renameat2.
const (
	NoReplace = 1 // fail if the new name is there
)

// Rename gives a node another name instead of its old one, and what had that before loses it. EINVAL: an unknown flag, or a
// directory would be below itself.
func (f *FS) Rename(fromAt *Node, from string, toAt *Node, to string, flags uint32) syscall.Errno {
	if flags&^NoReplace != 0 {
		return syscall.EINVAL
	}
	f.lock.Lock()
	defer f.lock.Unlock()
	a, err := f.walk(fromAt, from, toName)
	if err != 0 {
		return err
	}
	b, err := f.walk(toAt, to, toName)
	if err != 0 {
		return err
	}
	if err := mayRename(&a, &b, flags); err != 0 {
		return err
	}
	if a.node == b.node {
		return 0
	}
	if b.node != nil {
		b.remove()
	}
	a.in.dir.remove(a.name)
	b.in.add(b.name, a.node)
	if a.node.IsDir() {
		a.in.links--
		b.in.links++
		a.node.parent = b.in
	}
	a.in.touch()
	b.in.touch()
	a.node.changed = a.in.changed
	return 0
}

func mayRename(a, b *place, flags uint32) syscall.Errno {
	switch {
	case a.special() || b.special() && flags&NoReplace == 0:
		return syscall.EBUSY
	case b.special():
		return syscall.EEXIST
	case a.node == nil:
		return syscall.ENOENT
	case b.node != nil && flags&NoReplace != 0:
		return syscall.EEXIST
	case !a.node.IsDir() && (a.slash || b.slash):
		return syscall.ENOTDIR
	case a.node.IsDir() && below(b.in, a.node):
		return syscall.EINVAL
	case b.in.links == 0:
		return syscall.ENOENT
	case b.node == nil || a.node == b.node:
		return 0
	case below(a.in, b.node):
		return syscall.ENOTEMPTY
	case a.node.IsDir() && !b.node.IsDir():
		return syscall.ENOTDIR
	case !a.node.IsDir() && b.node.IsDir():
		return syscall.EISDIR
	case len(b.node.names) > 0:
		return syscall.ENOTEMPTY
	}
	return 0
}

// below tells whether a directory is another, or in it.
func below(n, in *Node) bool {
	for ; n != in; n = n.parent {
		if n == n.parent {
			return false
		}
	}
	return true
}
