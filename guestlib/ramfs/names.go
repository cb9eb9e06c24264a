package ramfs

import "syscall"

// create finds the place for something new.
func (f *FS) create(at *Node, path string, dir bool) (place, syscall.Errno) {
	p, err := f.walk(at, path, toName)
	switch {
	case err != 0:
		return p, err
	case p.node != nil:
		return p, syscall.EEXIST
	case p.slash && !dir:
		return p, syscall.ENOENT
	}
	return p, 0
}

// Mkdir makes a directory.
func (f *FS) Mkdir(at *Node, path string, mode uint32) syscall.Errno {
	f.lock.Lock()
	defer f.lock.Unlock()
	p, err := f.create(at, path, true)
	if err == 0 {
		_, err = f.make(p, syscall.S_IFDIR|mode&0o1777)
	}
	return err
}

// Mknod makes an ordinary file, a device, a named pipe or the name of a socket.
func (f *FS) Mknod(at *Node, path string, mode uint32, device uint64) syscall.Errno {
	switch mode & syscall.S_IFMT {
	case 0:
		mode |= syscall.S_IFREG
	case syscall.S_IFREG, syscall.S_IFCHR, syscall.S_IFIFO, syscall.S_IFSOCK:
	case syscall.S_IFDIR:
		return syscall.EPERM
	default:
		return syscall.EINVAL
	}
	f.lock.Lock()
	defer f.lock.Unlock()
	p, err := f.create(at, path, false)
	if err != 0 {
		return err
	}
	n, err := f.make(p, mode)
	if err == 0 && n.kind() == syscall.S_IFCHR {
		n.device = device
	}
	return err
}

// Symlink makes a symbolic link.
func (f *FS) Symlink(target string, at *Node, path string) syscall.Errno {
	switch {
	case target == "":
		return syscall.ENOENT
	case len(target) > MaxPath:
		return syscall.ENAMETOOLONG
	}
	f.lock.Lock()
	defer f.lock.Unlock()
	p, err := f.create(at, path, false)
	if err != 0 {
		return err
	}
	n, err := f.make(p, syscall.S_IFLNK|0o777)
	if err == 0 {
		n.target = target
	}
	return err
}

// Readlink is where a symbolic link points. EINVAL: it is none.
func (n *Node) Readlink() (string, syscall.Errno) {
	if !n.IsLink() {
		return "", syscall.EINVAL
	}
	return n.target, 0
}

// Link gives a node another name.
func (f *FS) Link(n *Node, at *Node, path string) syscall.Errno {
	f.lock.Lock()
	defer f.lock.Unlock()
	p, err := f.create(at, path, false)
	switch {
	case err != 0:
		return err
	case n.IsDir():
		return syscall.EPERM
	case n.links == 0 || p.in.links == 0:
		return syscall.ENOENT
	case !f.take(nameCost):
		return syscall.ENOSPC
	}
	p.in.add(p.name, n)
	p.in.touch()
	n.links++
	n.changed = n.fs.now()
	return 0
}

// Unlink removes a name that is none of a directory.
func (f *FS) Unlink(at *Node, path string) syscall.Errno {
	f.lock.Lock()
	defer f.lock.Unlock()
	p, err := f.walk(at, path, toName)
	switch {
	case err != 0:
		return err
	case p.special():
		return syscall.EISDIR
	case p.node == nil:
		return syscall.ENOENT
	case p.node.IsDir():
		return syscall.EISDIR
	case p.slash:
		return syscall.ENOTDIR
	}
	p.remove()
	return 0
}

// Rmdir removes an empty directory.
func (f *FS) Rmdir(at *Node, path string) syscall.Errno {
	f.lock.Lock()
	defer f.lock.Unlock()
	p, err := f.walk(at, path, toName)
	switch {
	case err != 0:
		return err
	case p.name == "":
		return syscall.EBUSY
	case p.name == ".":
		return syscall.EINVAL
	case p.name == "..":
		return syscall.ENOTEMPTY
	case p.node == nil:
		return syscall.ENOENT
	case !p.node.IsDir():
		return syscall.ENOTDIR
	case len(p.node.names) > 0:
		return syscall.ENOTEMPTY
	}
	p.remove()
	return 0
}

// remove takes the name away, and a directory with it.
func (p *place) remove() {
	p.in.dir.remove(p.name)
	p.in.fs.free += nameCost
	p.in.touch()
	if p.node.IsDir() {
		p.in.links--
		p.node.links-- // the name "."
	}
	p.node.unlink()
}
