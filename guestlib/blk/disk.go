package blk

import (
	"context"
	"errors"
	"fmt"
	"io"

	"tuco/guestlib/frontend"
	"tuco/ring/blkif"
)

// What calls fail with, besides package frontend's reasons for the end of a connection.
var (
	ErrIO        = errors.New("the back end reports an I/O error")
	ErrReadOnly  = errors.New("the device is read-only")
	ErrAlignment = errors.New("not whole sectors")
	ErrRange     = errors.New("beyond the device's end")
)

// Info is what the back end says of a device.
type Info struct {
	Size       int64 // in bytes
	SectorSize int   // what can be written, in bytes: a power of two from 512 to 4096
	ReadOnly   bool
	Persistent bool // the back end keeps pages mapped
	Flush      bool // it can flush
	Discard    bool // it can discard
	Segments   int  // the most pages of a request
	RingSize   int  // the most requests at a time
}

// Disk is a block device.
type Disk struct {
	domain frontend.Domain
	path   string
	saved  frontend.Saved
	remove func() // from what is done when the domain is saved
	link   frontend.Current[*link]
}

// Devices are the names of the domain's block devices, for Open. The error is frontend.ErrNoStore where there is no store.
func Devices(domain frontend.Domain) ([]string, error) { return frontend.Devices(domain, "vbd") }

// Open connects a block device. The context is for the time until it is connected. The error is frontend.ErrNoStore where
// the domain has no store.
func Open(ctx context.Context, domain frontend.Domain, name string) (*Disk, error) {
	d := &Disk{domain: domain, path: "device/vbd/" + name}
	l, err := connect(ctx, domain, d.path)
	if err != nil {
		return nil, err
	}
	d.link.Set(l)
	d.saved = frontend.Saved{Connection: func() *frontend.Connection { return d.link.Get().connection }, Resume: d.Resume}
	d.remove = domain.AtSuspend(&d.saved)
	return d, nil
}

// Info is what the device is like.
func (d *Disk) Info() Info { return d.link.Get().info }

// Size is the device's size in bytes.
func (d *Disk) Size() int64 { return d.link.Get().info.Size }

// ReadAt implements io.ReaderAt. It fails with ErrIO where the back end does, and when the connection ends.
func (d *Disk) ReadAt(p []byte, off int64) (n int, err error) {
	size := d.Size()
	switch {
	case off < 0:
		return 0, fmt.Errorf("read at %d: %w", off, ErrRange)
	case off >= size && len(p) > 0:
		return 0, io.EOF
	case int64(len(p)) > size-off:
		p, err = p[:size-off], io.EOF
	}
	if len(p) == 0 {
		return 0, err
	}
	if failed := d.transfer(blkif.OpRead, p, off); failed != nil {
		return 0, failed
	}
	return len(p), err
}

// WriteAt implements io.WriterAt. It fails with ErrAlignment, ErrRange or ErrReadOnly where it writes nothing, with ErrIO
// where the back end does, and when the connection ends.
func (d *Disk) WriteAt(p []byte, off int64) (n int, err error) {
	info := d.Info()
	sector := int64(info.SectorSize)
	switch {
	case info.ReadOnly:
		return 0, ErrReadOnly
	case off%sector != 0 || int64(len(p))%sector != 0:
		return 0, fmt.Errorf("write of %d at %d, with sectors of %d: %w", len(p), off, sector, ErrAlignment)
	case off < 0 || off > info.Size || int64(len(p)) > info.Size-off:
		return 0, fmt.Errorf("write of %d at %d: %w", len(p), off, ErrRange)
	case len(p) == 0:
		return 0, nil
	}
	if err := d.transfer(blkif.OpWrite, p, off); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush makes durable what was written before. Where the back end can't flush, there is no cache that has to be. It fails
// with ErrIO where the back end does, and when the connection ends.
func (d *Disk) Flush() error {
	return d.retry(func(l *link) error {
		if l.flush == 0 {
			return l.failed()
		}
		return l.do(blkif.Request{Op: l.flush})
	})
}

// Discard says that what is stored in a range of whole sectors is not needed any more. It fails with errors.ErrUnsupported
// where the back end has no use for that, and else as WriteAt does.
func (d *Disk) Discard(off, length int64) error {
	info := d.Info()
	sector := int64(info.SectorSize)
	switch {
	case info.ReadOnly:
		return ErrReadOnly
	case !info.Discard:
		return errors.ErrUnsupported
	case off%sector != 0 || length%sector != 0:
		return ErrAlignment
	case off < 0 || length < 0 || off > info.Size || length > info.Size-off:
		return ErrRange
	}
	return d.retry(func(l *link) error { return l.discard(off, length) })
}

// transfer reads or writes.
func (d *Disk) transfer(asked blkif.Op, p []byte, off int64) error {
	for {
		l := d.link.Get()
		if err := l.transfer(asked, p, off); err != errResumed {
			return err
		}
	}
}

// retry does something once more where it was interrupted by Resume: whatever a device can do may be done twice.
func (d *Disk) retry(f func(*link) error) error {
	for {
		if err := f(d.link.Get()); err != errResumed {
			return err
		}
	}
}

// errResumed says that a connection made way for another.
var errResumed = errors.New("the device is being connected again")

// Resume connects the device again, after the back end closed it and has started again, or when the domain was saved and goes on,
// which the domain sees to by itself. Calls that wait, and those that come meanwhile, are done on the new connection. It fails as Open
// does, and when the new device is smaller than the old or has other sectors; then so do the calls.
func (d *Disk) Resume(ctx context.Context) error {
	return d.link.Replace(func(old *link) (*link, error) {
		old.connection.Drop(errResumed)
		l, err := connect(ctx, d.domain, d.path)
		if err == nil && (l.info.Size < old.info.Size || l.info.SectorSize != old.info.SectorSize) {
			l.connection.Close()
			err = fmt.Errorf("%s: this is not the same device: %d bytes in sectors of %d instead of %d in sectors of %d", d.path,
				l.info.Size, l.info.SectorSize, old.info.Size, old.info.SectorSize)
		}
		if err != nil {
			l = &link{info: old.info, connection: old.connection, err: err}
		}
		return l, err
	})
}

// Close disconnects the device. Calls that wait fail with frontend.ErrClosed; what has to be durable has to be flushed
// before.
func (d *Disk) Close() error {
	d.remove()
	d.link.Get().connection.Close()
	return nil
}

// Stats is how much a device was used since it was connected.
type Stats struct {
	Requests      uint64 // that were put into the ring
	Notifications uint64 // that were sent for them
	Events        uint64 // that came
	Pages         int    // that are shared for data
}

// Stats is how much the device was used since it was connected.
func (d *Disk) Stats() Stats {
	l := d.link.Get()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stats
}
