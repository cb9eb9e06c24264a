package volume

import (
	"errors"
	"maps"
	"math/rand"
	"slices"
	"sync"
)

// disk is a device that does no more than Device promises: at a power cut each sector has any of the contents that were
// written to it since the last flush, or the one from before.
type disk struct {
	mu      sync.Mutex
	now     []byte           // as reads see it
	pending map[int][][]byte // by sector: what a cut may leave there, the oldest first, and now last
	writes  int
	bytes   int64
	flushes int

	left  int // calls of WriteAt and Flush until the power is cut; negative: never
	fault func(write bool, off int64) error
}

var errPower = errors.New("the power is cut")

func newDisk(size int64) *disk {
	return &disk{now: make([]byte, size), pending: map[int][][]byte{}, left: -1}
}

func (d *disk) Size() int64 { return int64(len(d.now)) }

func (d *disk) ReadAt(p []byte, off int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left == 0 {
		return 0, errPower
	}
	if d.fault != nil {
		if err := d.fault(false, off); err != nil {
			return 0, err
		}
	}
	if off%Sector != 0 || len(p)%Sector != 0 {
		panic("a read that is not of whole sectors")
	}
	return copy(p, d.now[off:off+int64(len(p))]), nil
}

func (d *disk) WriteAt(p []byte, off int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left == 0 {
		return 0, errPower
	}
	if off%Sector != 0 || len(p)%Sector != 0 {
		panic("a write that is not of whole sectors")
	}
	if d.fault != nil {
		if err := d.fault(true, off); err != nil {
			return 0, err
		}
	}
	d.writes++
	d.bytes += int64(len(p))
	for i := 0; i < len(p); i += Sector {
		s := (int(off) + i) / Sector
		if d.pending[s] == nil {
			d.pending[s] = [][]byte{slices.Clone(d.now[s*Sector:][:Sector])}
		}
		d.pending[s] = append(d.pending[s], slices.Clone(p[i:i+Sector]))
	}
	copy(d.now[off:], p)
	return len(p), d.count()
}

func (d *disk) Flush() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left == 0 {
		return errPower
	}
	if d.fault != nil {
		if err := d.fault(true, -1); err != nil {
			return err
		}
	}
	if err := d.count(); err != nil {
		return err
	}
	d.flushes++
	clear(d.pending)
	return nil
}

// count counts down to the power cut. The call during which it happens has had its effect, or a part of it.
func (d *disk) count() error {
	if d.left > 0 {
		d.left--
		if d.left == 0 {
			return errPower
		}
	}
	return nil
}

// cut gives the disk that is found when the power is back.
func (d *disk) cut(r *rand.Rand) *disk {
	for _, s := range slices.Sorted(maps.Keys(d.pending)) {
		contents := d.pending[s]
		copy(d.now[s*Sector:], contents[r.Intn(len(contents))])
	}
	return &disk{now: d.now, pending: map[int][][]byte{}, left: -1}
}
