package ramfs

import (
	"math"
	"syscall"
)

// BlockSize is how much of a file's content is made at once, in bytes.
const BlockSize = 4096

// content is a file's.
type content struct {
	size   int64
	base   []byte // what it began with, where no block lies above
	blocks map[int64]*[BlockSize]byte
}

// blockCost is what a block counts for.
const blockCost = BlockSize + 64

// Read reads from an offset on. 0 bytes are the file's end.
func (n *Node) Read(to []byte, at int64) int {
	n.fs.lock.Lock()
	defer n.fs.lock.Unlock()
	if at >= n.size {
		return 0
	}
	to = to[:min(int64(len(to)), n.size-at)]
	for done := int64(0); done < int64(len(to)); {
		i, from := (at+done)/BlockSize, (at+done)%BlockSize
		part := to[done:min(int64(len(to)), done+BlockSize-from)]
		if b := n.blocks[i]; b != nil {
			copy(part, b[from:])
		} else {
			n.below(part, at+done)
		}
		done += int64(len(part))
	}
	return len(to)
}

// below reads what lies below the blocks: what the file began with, and zeros.
func (c *content) below(to []byte, at int64) {
	n := 0
	if at < int64(len(c.base)) {
		n = copy(to, c.base[at:])
	}
	clear(to[n:])
}

// Write writes at an offset, or at the file's end, and returns how much and where it ended. ENOSPC: there is no room for any of
// it. EFBIG: the file would be too large.
func (n *Node) Write(from []byte, at int64, atEnd bool) (done int, end int64, err syscall.Errno) {
	n.fs.lock.Lock()
	defer n.fs.lock.Unlock()
	if atEnd {
		at = n.size
	}
	if at > math.MaxInt64-int64(len(from)) {
		return 0, at, syscall.EFBIG
	}
	for done < len(from) {
		b := n.block(at / BlockSize)
		if b == nil {
			if done == 0 {
				err = syscall.ENOSPC
			}
			break
		}
		m := copy(b[at%BlockSize:], from[done:])
		done += m
		at += int64(m)
	}
	if done > 0 {
		n.size = max(n.size, at)
		n.touch()
	}
	return done, at, err
}

// block is a block that can be written to, or nil if there is no room for it.
func (n *Node) block(i int64) *[BlockSize]byte {
	b := n.blocks[i]
	if b != nil {
		return b
	}
	if !n.fs.take(blockCost) {
		return nil
	}
	b = new([BlockSize]byte)
	n.below(b[:], i*BlockSize)
	if n.blocks == nil {
		n.blocks = map[int64]*[BlockSize]byte{}
	}
	n.blocks[i] = b
	return b
}

// Truncate cuts a file, or lengthens it with zeros. EINVAL: it is no file, or the size is negative.
func (n *Node) Truncate(size int64) syscall.Errno {
	switch {
	case n.IsDir():
		return syscall.EISDIR
	case !n.IsFile() || size < 0:
		return syscall.EINVAL
	}
	n.fs.lock.Lock()
	defer n.fs.lock.Unlock()
	n.resize(size)
	n.touch()
	return 0
}

// resize cuts or lengthens the content. What was cut off doesn't come back.
func (n *Node) resize(size int64) {
	if size < n.size {
		n.base = n.base[:min(int64(len(n.base)), size)]
		first := (size + BlockSize - 1) / BlockSize
		for i := range n.blocks {
			if i >= first {
				delete(n.blocks, i)
				n.fs.free += blockCost
			}
		}
		if b := n.blocks[size/BlockSize]; b != nil {
			clear(b[size%BlockSize:])
		}
	}
	n.size = size
}
