package ramfs

import (
	"strings"
	"syscall"
	"time"

	"tuco/guestlib/cpio"
)

// Load puts an archive's entries into the tree. Their content stays where it is, so the archive must not change any more.
// An entry replaces one of the same name, unless both are directories. Directories that are missing are made.
func (f *FS) Load(archive []byte) error {
	type file struct {
		cpio.Device
		ino uint32
	}
	linked := map[file]*Node{}
	return cpio.Read(archive, func(e cpio.Entry) error {
		n, why := f.place(&e, linked[file{e.Dev, e.Ino}])
		if why != "" {
			return &LoadError{e.Name, why}
		}
		if n.IsFile() && e.Links > 1 {
			linked[file{e.Dev, e.Ino}] = n
		}
		return nil
	})
}

// A LoadError says which entry of an archive can't be put into the tree, and why.
type LoadError struct{ Name, Why string }

// Error is the message.
func (e *LoadError) Error() string { return "cpio: " + e.Name + ": " + e.Why }

// place puts an entry into the tree; first is the file that it is a further name of, or nil.
func (f *FS) place(e *cpio.Entry, first *Node) (n *Node, why string) {
	f.lock.Lock()
	defer f.lock.Unlock()
	parts := strings.FieldsFunc(e.Name, func(r rune) bool { return r == '/' })
	in := f.root
	for i, name := range parts {
		switch {
		case name == ".":
			continue
		case name == "..":
			return nil, "its name leads out of its directory"
		case len(name) > MaxName:
			return nil, "its name is too long"
		case i == len(parts)-1:
			return f.put(e, in, name, first)
		}
		child := in.child(name)
		if child == nil {
			var err syscall.Errno
			if child, err = f.make(place{in: in, name: name}, syscall.S_IFDIR|0o755); err != 0 {
				return nil, err.Error()
			}
		}
		if in = child; !in.IsDir() {
			return nil, name + " above it is no directory"
		}
	}
	if e.Mode&syscall.S_IFMT != syscall.S_IFDIR {
		return nil, "it has no name"
	}
	in.set(e)
	return in, ""
}

// put puts an entry into a directory.
func (f *FS) put(e *cpio.Entry, in *Node, name string, first *Node) (n *Node, why string) {
	kind := e.Mode & syscall.S_IFMT
	switch kind {
	case syscall.S_IFREG, syscall.S_IFDIR, syscall.S_IFCHR, syscall.S_IFIFO:
	case syscall.S_IFLNK:
		if len(e.Data) == 0 || len(e.Data) > MaxPath || strings.IndexByte(string(e.Data), 0) >= 0 {
			return nil, "it is a link to nowhere"
		}
	default:
		return nil, "it is neither file, directory, link, character device nor pipe"
	}
	if old := in.child(name); old != nil {
		switch {
		case old.IsDir() && kind == syscall.S_IFDIR:
			old.set(e)
			return old, ""
		case old.IsDir() && len(old.names) > 0:
			return nil, "it would replace a directory that is not empty"
		case old == first:
			return nil, "it is twice the same file"
		}
		(&place{in: in, name: name, node: old}).remove()
	}
	if first != nil && first.links > 0 && kind == syscall.S_IFREG && e.Links > 1 { // an entry may have taken the last name away
		if !f.take(nameCost) {
			return nil, syscall.ENOSPC.Error()
		}
		in.add(name, first)
		first.links++
		n = first
	} else {
		var err syscall.Errno
		if n, err = f.make(place{in: in, name: name}, e.Mode); err != 0 {
			return nil, err.Error()
		}
	}
	n.set(e)
	return n, ""
}

// set makes a node what an entry says.
func (n *Node) set(e *cpio.Entry) {
	n.mode = n.kind() | e.Mode&0o7777
	n.uid, n.gid = e.UID, e.GID
	n.modified = time.Unix(int64(e.MTime), 0)
	n.accessed, n.changed = n.modified, n.modified
	switch n.kind() {
	case syscall.S_IFREG:
		if len(e.Data) > 0 { // of several names, one has it
			n.base, n.size = e.Data, int64(len(e.Data))
		}
	case syscall.S_IFLNK:
		n.target = string(e.Data)
	case syscall.S_IFCHR:
		n.device = DeviceNumber(e.Device.Major, e.Device.Minor)
	}
}

// DeviceNumber is a device's number as Linux' stat has it.
func DeviceNumber(major, minor uint32) uint64 {
	m, n := uint64(major), uint64(minor)
	return n&0xff | m&0xfff<<8 | n&^0xff<<12 | m&^0xfff<<32
}
