package volume

import (
	"bytes"
	"errors"
	"fmt"
	"sync/atomic"
)

// Volume is an open volume: the only way to its blocks, and to no others. Offsets and lengths are whole sectors. All methods
// but Close may be called at the same time.
type Volume struct {
	s        *Store
	r        *record
	readOnly bool
	closed   atomic.Bool
}

// OpenVolume opens a volume, for one who writes or for many who only read. It fails with ErrBusy where others have it open
// in a way that doesn't go together with this, and with ErrReadOnly where a snapshot should be written.
func (s *Store) OpenVolume(name string, readOnly bool) (*Volume, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(name)
	switch {
	case err != nil:
		return nil, err
	case r.flags&flagFilling != 0 || r.writers > 0 || !readOnly && r.readers > 0:
		return nil, fmt.Errorf("volume %s: %w", name, ErrBusy)
	case readOnly:
		r.readers++
	case s.readOnly || r.flags&flagReadOnly != 0:
		return nil, fmt.Errorf("volume %s: %w", name, ErrReadOnly)
	default:
		r.writers++
	}
	return &Volume{s: s, r: r, readOnly: readOnly}, nil
}

// Close lets others open the volume. It flushes nothing.
func (v *Volume) Close() error {
	if v.closed.Swap(true) {
		return fmt.Errorf("volume %s: %w", v.r.name, ErrClosed)
	}
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	if v.readOnly {
		v.r.readers--
	} else {
		v.r.writers--
	}
	return nil
}

// Name is the volume's name.
func (v *Volume) Name() string { return v.r.name }

// ReadOnly tells whether the volume was opened only to be read.
func (v *Volume) ReadOnly() bool { return v.readOnly }

// Size is how many bytes the volume has now. It never gets less.
func (v *Volume) Size() int64 {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	return v.r.size
}

// ReadAt reads sectors. What was never written reads as zeros.
func (v *Volume) ReadAt(p []byte, off int64) (int, error) {
	return v.each(p, off, func(p []byte, off int64) error {
		first, last := blocksOf(off, len(p))
		v.share(first, last)
		defer v.unshare(first, last)
		places, err := v.places(first, last)
		if err != nil {
			return err
		}
		return runs(places, p, off, func(p []byte, at int64) error {
			if at == 0 {
				clear(p)
				return nil
			}
			_, err := v.s.dev.ReadAt(p, at)
			return err
		})
	})
}

// WriteAt writes sectors. They are durable after the next Flush; a power cut before it may keep any of them. A block that is this volume's alone
// is written in place; otherwise the volume gets an extent for it. The error is ErrFull where there is none.
func (v *Volume) WriteAt(p []byte, off int64) (int, error) {
	if v.readOnly {
		return 0, fmt.Errorf("volume %s: %w", v.r.name, ErrReadOnly)
	}
	if err := v.s.working(); err != nil {
		return 0, err
	}
	n, err := v.each(p, off, func(p []byte, off int64) error {
		if ok, err := v.inPlace(p, off); ok || err != nil {
			return err
		}
		for len(p) > 0 {
			n := min(len(p), int(ExtentSize-off%ExtentSize))
			if err := v.move(p[:n], off); err != nil {
				return err
			}
			p, off = p[n:], off+int64(n)
		}
		return nil
	})
	if err == nil {
		err = v.s.relieve()
	}
	return n, err
}

// Discard makes a range read as zeros, and gives back the blocks that lie within it as a whole. It is durable as a write is.
func (v *Volume) Discard(off, length int64) error {
	if v.readOnly {
		return fmt.Errorf("volume %s: %w", v.r.name, ErrReadOnly)
	}
	v.r.io.RLock()
	defer v.r.io.RUnlock()
	if err := errors.Join(v.check(off, length), v.s.working()); err != nil {
		return err
	}
	size := v.Size()
	for end := off + length; off < end; {
		data, _, err := v.data(off, size)
		if err != nil {
			return err
		}
		if data >= end {
			return nil
		}
		off = max(off, data)
		n := min(end-off, ExtentSize-off%ExtentSize)
		if n == ExtentSize || off%ExtentSize == 0 && off+n == size {
			err = v.punch(uint32(off / ExtentSize))
		} else {
			err = v.zero(off, int(n))
		}
		if err == nil {
			err = v.s.relieve()
		}
		if err != nil {
			return err
		}
		off += n
	}
	return nil
}

// Flush makes durable all writes that returned before, of all volumes.
func (v *Volume) Flush() error {
	if v.closed.Load() {
		return fmt.Errorf("volume %s: %w", v.r.name, ErrClosed)
	}
	if v.readOnly {
		return nil
	}
	if err := v.s.rounds.run(v.s.commit); err != nil {
		return fmt.Errorf("volume %s: %w", v.r.name, err)
	}
	return nil
}

// Data finds the next bytes at or behind off that are no hole, in units of blocks. Behind the last, start and end are the volume's size.
func (v *Volume) Data(off int64) (start, end int64, err error) {
	v.r.io.RLock()
	defer v.r.io.RUnlock()
	return v.data(off, v.Size())
}

func (v *Volume) data(off, size int64) (start, end int64, err error) {
	blocks := ceil(size, ExtentSize)
	for b := off / ExtentSize; b < blocks; {
		v.s.mu.Lock()
		next, found, err := v.s.next(v.r, uint32(b))
		v.s.mu.Unlock()
		if err != nil {
			return 0, 0, err
		}
		if found {
			return next * ExtentSize, min((next+1)*ExtentSize, size), nil
		}
		b = next
	}
	return size, size, nil
}

// each checks a request and hands it on in parts of at most stripes blocks, so that a part has each stripe's lock once.
func (v *Volume) each(p []byte, off int64, f func(p []byte, off int64) error) (int, error) {
	v.r.io.RLock()
	defer v.r.io.RUnlock()
	if err := v.check(off, int64(len(p))); err != nil {
		return 0, err
	}
	done := 0
	for done < len(p) {
		at := off + int64(done)
		n := min(len(p)-done, int(stripes*ExtentSize-at%ExtentSize))
		if err := f(p[done:done+n], at); err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

func (v *Volume) check(off, length int64) error {
	if v.closed.Load() {
		return fmt.Errorf("volume %s: %w", v.r.name, ErrClosed)
	}
	size := v.Size()
	if off < 0 || length < 0 || off%Sector != 0 || length%Sector != 0 || off > size || length > size-off {
		return fmt.Errorf("volume %s (%d bytes): %d bytes from %d: %w", v.r.name, size, length, off, ErrRange)
	}
	return nil
}

func blocksOf(off int64, length int) (first, last uint32) {
	return uint32(off / ExtentSize), uint32((off + int64(length) - 1) / ExtentSize)
}

// share keeps blocks where they are; at most stripes of them, and nobody waits with an exclusive lock for another.
func (v *Volume) share(first, last uint32) {
	for b := first; b <= last; b++ {
		v.r.blocks[b%stripes].RLock()
	}
}

func (v *Volume) unshare(first, last uint32) {
	for b := first; b <= last; b++ {
		v.r.blocks[b%stripes].RUnlock()
	}
}

// places finds where blocks lie.
func (v *Volume) places(first, last uint32) ([]place, error) {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	places := make([]place, 0, stripes)
	for b := first; b <= last; b++ {
		p, err := v.s.lookup(v.r, b)
		if err != nil {
			return nil, err
		}
		places = append(places, p)
	}
	return places, nil
}

// runs calls f for each part of p that lies in one piece on the disk, or in a hole (at byte 0).
func runs(places []place, p []byte, off int64, f func(p []byte, at int64) error) error {
	within := off % ExtentSize
	for i := 0; i < len(places); {
		n := 1
		first := places[i].extent
		for i+n < len(places) && (first == 0 && places[i+n].extent == 0 || first != 0 && places[i+n].extent == first+extent(n)) {
			n++
		}
		length := min(int64(len(p)), int64(n)*ExtentSize-within)
		at := int64(0)
		if first != 0 {
			at = first.offset() + within
		}
		if err := f(p[:length], at); err != nil {
			return err
		}
		p, within, i = p[length:], 0, i+n
	}
	return nil
}

// inPlace writes where the blocks lie, if all of them are the volume's own.
func (v *Volume) inPlace(p []byte, off int64) (bool, error) {
	first, last := blocksOf(off, len(p))
	v.share(first, last)
	defer v.unshare(first, last)
	places, err := v.places(first, last)
	if err != nil {
		return false, err
	}
	for _, at := range places {
		if !at.own {
			return false, nil
		}
	}
	return true, runs(places, p, off, func(p []byte, at int64) error {
		_, err := v.s.dev.WriteAt(p, at)
		return err
	})
}

// move writes within a block that may be a hole or shared: to an extent of the volume's own, with what the block held
// around it. That is written as a whole, so that nothing shows of what the extent held before.
func (v *Volume) move(p []byte, off int64) error {
	block := uint32(off / ExtentSize)
	lock := &v.r.blocks[block%stripes]
	lock.Lock()
	defer lock.Unlock()
	places, err := v.places(block, block)
	if err != nil {
		return err
	}
	from, within := places[0], off%ExtentSize
	switch {
	case from.own:
		_, err := v.s.dev.WriteAt(p, from.extent.offset()+within)
		return err
	case from.extent == 0 && bytes.Count(p, []byte{0}) == len(p):
		return nil
	}
	whole := p
	if len(p) < ExtentSize {
		whole = make([]byte, ExtentSize)
		if from.extent != 0 {
			if _, err := v.s.dev.ReadAt(whole, from.extent.offset()); err != nil {
				return err
			}
		}
		copy(whole[within:], p)
	}
	to, err := v.s.take()
	if err != nil {
		return fmt.Errorf("volume %s: %w", v.r.name, err)
	}
	if _, err = v.s.dev.WriteAt(whole, to.offset()); err == nil {
		err = v.s.update(v.r, block, to)
	}
	if err != nil {
		v.s.untake(to)
	}
	return err
}

// punch makes a block a hole.
func (v *Volume) punch(block uint32) error {
	lock := &v.r.blocks[block%stripes]
	lock.Lock()
	defer lock.Unlock()
	return v.s.update(v.r, block, 0)
}

// zero writes zeros to what is no hole.
func (v *Volume) zero(off int64, n int) error {
	p := make([]byte, n)
	if ok, err := v.inPlace(p, off); ok || err != nil {
		return err
	}
	return v.move(p, off)
}
