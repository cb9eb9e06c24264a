package disk

import (
	"fmt"
	"io"

	"tuco/control/virtio"
)

// Size is how many bytes the disk has.
func (d *Disk) Size() int64 { return int64(d.info.Sectors) * SectorSize }

// ReadAt implements io.ReaderAt, for whole sectors of the device's.
func (d *Disk) ReadAt(p []byte, off int64) (n int, err error) {
	size := d.Size()
	if off < 0 || off%SectorSize != 0 {
		return 0, fmt.Errorf("read at %d: %w", off, ErrRange)
	}
	if off >= size && len(p) > 0 {
		return 0, io.EOF
	}
	if int64(len(p)) > size-off {
		p, err = p[:size-off], io.EOF
	}
	n, failed := d.copyThrough(Read, p, off)
	if failed != nil {
		return n, failed
	}
	return n, err
}

// WriteAt implements io.WriterAt, for whole sectors of the device's.
func (d *Disk) WriteAt(p []byte, off int64) (n int, err error) {
	if off < 0 || off%SectorSize != 0 {
		return 0, fmt.Errorf("write at %d: %w", off, ErrRange)
	}
	return d.copyThrough(Write, p, off)
}

// Flush makes durable what was written before.
func (d *Disk) Flush() error { return d.Do(Flush, 0) }

// copyThrough reads or writes by pages of the driver's.
func (d *Disk) copyThrough(op Op, p []byte, off int64) (n int, err error) {
	if err := d.check(op, uint64(off/SectorSize), uint64((len(p)+SectorSize-1)/SectorSize)); err != nil {
		return 0, err
	}
	if len(p)%SectorSize != 0 {
		return 0, fmt.Errorf("%d bytes: %w", len(p), ErrRange)
	}
	for n < len(p) {
		length := min(len(p)-n, d.info.Segments*virtio.PageSize)
		if err := d.piece(op, p[n:n+length], off+int64(n)); err != nil {
			return n, err
		}
		n += length
	}
	return n, nil
}

// piece does one request of copyThrough's.
func (d *Disk) piece(op Op, p []byte, off int64) error {
	pages, err := d.pages((len(p) + virtio.PageSize - 1) / virtio.PageSize)
	if err != nil {
		return err
	}
	var room [maxPieces]Segment
	segments := room[:len(pages)]
	for i, page := range pages {
		rest := p[i*virtio.PageSize:]
		segments[i] = Segment{page.Bus, uint32(min(len(rest), virtio.PageSize))}
		if op == Write {
			copy(page.Bytes, rest)
		}
	}
	err = d.Do(op, uint64(off/SectorSize), segments...)
	for i, page := range pages {
		if op == Read && err == nil {
			copy(p[i*virtio.PageSize:], page.Bytes)
		}
	}
	d.mu.Lock()
	d.bounce = append(d.bounce, pages...)
	d.changed.Broadcast()
	d.mu.Unlock()
	return err
}

// pages takes pages to copy through, all at once, so that nobody waits for others who wait.
func (d *Disk) pages(n int) ([]virtio.Page, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.err == nil && len(d.bounce) < n {
		d.changed.Wait()
	}
	if d.err != nil {
		return nil, d.err
	}
	rest := len(d.bounce) - n
	taken := append([]virtio.Page(nil), d.bounce[rest:]...)
	d.bounce = d.bounce[:rest]
	return taken, nil
}
