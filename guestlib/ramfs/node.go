package ramfs

import (
	"syscall"
	"time"
)

// A Node is what a name in a directory stands for, or several names. It stays while somebody has it open.
type Node struct {
	fs     *FS
	ino    uint64
	mode   uint32 // type and permissions
	uid    uint32
	gid    uint32
	links  uint32
	opens  int
	device uint64

	accessed, modified, changed time.Time

	content        // of a file
	dir            // of a directory
	target  string // of a symbolic link
	parent  *Node  // of a directory
}

// nodeCost is what a node counts for, besides its content and its names.
const nodeCost = 384

func (f *FS) newNode(mode uint32) (*Node, syscall.Errno) {
	if !f.take(nodeCost) {
		return nil, syscall.ENOSPC
	}
	f.inode++
	now := f.now()
	return &Node{fs: f, ino: f.inode, mode: mode, accessed: now, modified: now, changed: now}, 0
}

func (n *Node) kind() uint32 { return n.mode & syscall.S_IFMT }

// IsDir tells whether a node is a directory.
func (n *Node) IsDir() bool { return n.kind() == syscall.S_IFDIR }

// IsFile tells whether a node is an ordinary file.
func (n *Node) IsFile() bool { return n.kind() == syscall.S_IFREG }

// IsLink tells whether a node is a symbolic link.
func (n *Node) IsLink() bool { return n.kind() == syscall.S_IFLNK }

// Device is the type and the number of a node that is a device or a named pipe, as mknod was given them.
func (n *Node) Device() (kind uint32, number uint64) { return n.kind(), n.device }

// touch says that a node was changed.
func (n *Node) touch() {
	n.modified = n.fs.now()
	n.changed = n.modified
}

// unlink takes a name from a node, and its memory if that was its last and nobody has it open.
func (n *Node) unlink() {
	n.links--
	n.changed = n.fs.now()
	n.drop()
}

func (n *Node) drop() {
	if n.links == 0 && n.opens == 0 {
		n.resize(0)
		n.fs.free += nodeCost
	}
}

// Hold keeps a node's content until Release, whether it still has a name or not. ENOENT: it is gone already.
func (n *Node) Hold() syscall.Errno {
	n.fs.lock.Lock()
	defer n.fs.lock.Unlock()
	if n.links == 0 && n.opens == 0 {
		return syscall.ENOENT
	}
	n.opens++
	return 0
}

// Release is the end of what Hold or [FS.Open] began.
func (n *Node) Release() {
	n.fs.lock.Lock()
	n.opens--
	n.drop()
	n.fs.lock.Unlock()
}

// Stat is what Linux' stat tells of a node.
func (n *Node) Stat() syscall.Stat_t {
	n.fs.lock.Lock()
	defer n.fs.lock.Unlock()
	s := syscall.Stat_t{
		Dev: 1, Ino: n.ino, Nlink: uint64(n.links), Mode: n.mode, Uid: n.uid, Gid: n.gid, Rdev: n.device, Blksize: BlockSize,
		Atim: timespec(n.accessed), Mtim: timespec(n.modified), Ctim: timespec(n.changed),
	}
	const sector = 512
	switch n.kind() {
	case syscall.S_IFREG:
		s.Size, s.Blocks = n.content.size, int64(len(n.blocks))*(BlockSize/sector)
	case syscall.S_IFDIR:
		s.Size = int64(len(n.names)) * nameCost
	case syscall.S_IFLNK:
		s.Size = int64(len(n.target))
	}
	return s
}

func timespec(t time.Time) syscall.Timespec { return syscall.NsecToTimespec(t.UnixNano()) }

// Chmod changes the permissions.
func (n *Node) Chmod(mode uint32) {
	n.fs.lock.Lock()
	defer n.fs.lock.Unlock()
	n.mode = n.kind() | mode&^syscall.S_IFMT&0o7777
	n.changed = n.fs.now()
}

// Chown changes the owner and the group, those that are not -1.
func (n *Node) Chown(uid, gid int) {
	n.fs.lock.Lock()
	defer n.fs.lock.Unlock()
	if uid != -1 {
		n.uid = uint32(uid)
	}
	if gid != -1 {
		n.gid = uint32(gid)
	}
	n.changed = n.fs.now()
}

// SetTimes sets when the node was accessed and modified, those that are not nil.
func (n *Node) SetTimes(accessed, modified *time.Time) {
	n.fs.lock.Lock()
	defer n.fs.lock.Unlock()
	if accessed != nil {
		n.accessed = *accessed
	}
	if modified != nil {
		n.modified = *modified
	}
	n.changed = n.fs.now()
}
