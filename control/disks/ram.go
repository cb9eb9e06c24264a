package disks

import (
	"io"
	"sync"
)

// RAM is a disk in memory. What was never written takes no room.
type RAM struct {
	size int64

	mu     sync.RWMutex
	pieces map[int64][]byte // by their number
}

// ramPiece is the unit in which memory is taken, in bytes.
const ramPiece = 64 << 10

// NewRAM is an empty disk of some bytes.
func NewRAM(size int64) *RAM { return &RAM{size: size, pieces: map[int64][]byte{}} }

// Size implements volume.Device, and so do the others.
func (r *RAM) Size() int64 { return r.size }

// Flush has nothing to do.
func (r *RAM) Flush() error { return nil }

// ReadAt reads.
func (r *RAM) ReadAt(p []byte, off int64) (n int, err error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if off+int64(len(p)) > r.size {
		err, p = io.EOF, p[:max(r.size-off, 0)]
	}
	for n < len(p) {
		number, at := off/ramPiece, off%ramPiece
		part := p[n:min(len(p), n+ramPiece-int(at))]
		if piece := r.pieces[number]; piece != nil {
			copy(part, piece[at:])
		} else {
			clear(part)
		}
		n, off = n+len(part), off+int64(len(part))
	}
	return n, err
}

// WriteAt writes.
func (r *RAM) WriteAt(p []byte, off int64) (n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if off+int64(len(p)) > r.size {
		return 0, io.ErrShortWrite
	}
	for n < len(p) {
		number, at := off/ramPiece, off%ramPiece
		piece := r.pieces[number]
		if piece == nil {
			piece = make([]byte, ramPiece)
			r.pieces[number] = piece
		}
		wrote := copy(piece[at:], p[n:])
		n, off = n+wrote, off+int64(wrote)
	}
	return n, nil
}
