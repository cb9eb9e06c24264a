package ramfs

import (
	"sync"
	"syscall"
	"time"
)

// FS is a tree. Its methods may be called by several goroutines; errors are those that the Linux system call of that name has.
type FS struct {
	lock  sync.Mutex
	root  *Node
	inode uint64
	size  int64 // bytes that it may take
	free  int64 // bytes of them that are left
	now   func() time.Time
}

// Limits, those of Linux.
const (
	MaxName  = 255  // bytes of a name
	MaxPath  = 4095 // bytes of a path
	maxLinks = 40   // symbolic links that a path may lead through
)

// New is an empty tree that may take so many bytes of memory. It takes the time from now.
func New(size int64, now func() time.Time) *FS {
	f := &FS{size: size, free: size, now: now}
	f.root, _ = f.newNode(syscall.S_IFDIR | 0o755)
	f.root.parent, f.root.links = f.root, 2
	return f
}

// Root is the root.
func (f *FS) Root() *Node { return f.root }

// Usage is what Linux' statfs tells: blocks, and those that are free.
func (f *FS) Usage() (blocks, free int64) {
	f.lock.Lock()
	defer f.lock.Unlock()
	return f.size / BlockSize, f.free / BlockSize
}

// take takes memory, if there is so much.
func (f *FS) take(bytes int64) bool {
	if bytes > f.free {
		return false
	}
	f.free -= bytes
	return true
}

// Now is the time as the tree's nodes have it.
func (f *FS) Now() time.Time { return f.now() }
