package disk

import (
	"errors"
	"fmt"
	"sync"

	"tuco/control/virtio"
)

// What calls fail with.
var (
	ErrIO       = errors.New("the disk reports an I/O error")
	ErrReadOnly = errors.New("the disk is read-only")
	ErrClosed   = errors.New("the disk was closed")
	ErrRange    = errors.New("not whole sectors on the disk")
)

// SectorSize is the unit of requests, in bytes, whatever the device's own sectors are.
const SectorSize = 512

// Features.
const (
	featureSegments = 1 << 2
	featureReadOnly = 1 << 5
	featureSector   = 1 << 6
	featureFlush    = 1 << 9
	featureDiscard  = 1 << 13
)

// Fields of the configuration.
const (
	configCapacity       = 0
	configSegments       = 12
	configSector         = 20
	configDiscardSectors = 36
)

// Info is what a device says of itself.
type Info struct {
	Sectors    uint64 // of SectorSize
	SectorSize int    // what it reads and writes as a whole, in bytes
	ReadOnly   bool
	Flush      bool
	Discard    uint64 // the most sectors that it discards at once; 0 if it does not
	Segments   int    // the most pieces of memory in a request
}

// Disk is a block device.
type Disk struct {
	transport virtio.Transport
	memory    virtio.Memory
	info      Info

	mu       sync.Mutex
	changed  sync.Cond // slots or pages are free, or the end has come
	queue    *virtio.Queue
	headers  virtio.Page // of the requests, by slot
	slots    []slot
	free     []int         // slots
	bounce   []virtio.Page // free pages to copy through
	all      []virtio.Page // and those in use too
	err      error         // why nothing is done any more
	stuck    bool          // and the device may still reach memory
	requests uint64
	doorbell uint64
}

// slot is a request under way.
type slot struct {
	busy bool       // the device has it
	done chan error // the result; whoever gets it gives the slot back
}

// Limits of a driver, which a device may lower.
const (
	maxSlots   = 64
	bouncePage = 64
	maxPieces  = 32
)

// Open begins to drive a device.
func Open(t virtio.Transport, memory virtio.Memory) (*Disk, error) {
	features, err := virtio.Begin(t, virtio.FeatureEvents|featureSegments|featureReadOnly|featureSector|featureFlush|featureDiscard, 0)
	if err != nil {
		return nil, err
	}
	d := &Disk{transport: t, memory: memory}
	d.changed.L = &d.mu
	if err := d.open(features); err != nil {
		t.SetStatus(virtio.StatusFailed)
		if virtio.Reset(t) == nil {
			d.release()
		}
		return nil, err
	}
	virtio.Ready(t)
	return d, nil
}

func (d *Disk) open(features uint64) (err error) {
	if err := virtio.Consistent(d.transport, func() { d.info = read(d.transport, features) }); err != nil {
		return err
	}
	if err := d.info.check(); err != nil {
		return err
	}
	if d.queue, err = virtio.AddQueue(d.transport, d.memory, 0, virtio.MaxQueue, features&virtio.FeatureEvents != 0); err != nil {
		return err
	}
	d.info.Segments = min(d.info.Segments, d.queue.Size()-2, maxPieces) // besides the header and the status
	if d.info.Segments < 1 {
		return fmt.Errorf("the disk's queue has %d descriptors, and a request takes 3", d.queue.Size())
	}
	if d.headers, err = d.memory.Page(); err != nil {
		return err
	}
	d.slots = make([]slot, min(maxSlots, d.queue.Size()/3+1))
	for i := range d.slots {
		d.slots[i].done = make(chan error, 1)
		d.free = append(d.free, i)
	}
	for range bouncePage {
		p, err := d.memory.Page()
		if err != nil {
			return fmt.Errorf("pages to copy through: %w", err)
		}
		d.bounce, d.all = append(d.bounce, p), append(d.all, p)
	}
	_, err = d.queue.Await()
	return err
}

// read reads the configuration.
func read(t virtio.Transport, features uint64) Info {
	i := Info{
		Sectors: t.Config(configCapacity, 8), SectorSize: SectorSize, Segments: 1,
		ReadOnly: features&featureReadOnly != 0, Flush: features&featureFlush != 0,
	}
	if features&featureSector != 0 {
		i.SectorSize = int(t.Config(configSector, 4))
	}
	if features&featureSegments != 0 {
		i.Segments = int(t.Config(configSegments, 4))
	}
	if features&featureDiscard != 0 {
		i.Discard = t.Config(configDiscardSectors, 4)
	}
	return i
}

// check refuses what can't be.
func (i *Info) check() error {
	switch {
	case i.SectorSize < SectorSize || i.SectorSize > virtio.PageSize || i.SectorSize&(i.SectorSize-1) != 0:
		return fmt.Errorf("%w: it says that its sectors have %d bytes", virtio.ErrDevice, i.SectorSize)
	case i.Sectors > (1<<63-1)/SectorSize:
		return fmt.Errorf("%w: it says that it has %d sectors", virtio.ErrDevice, i.Sectors)
	case i.Segments < 1:
		return fmt.Errorf("%w: it says that a request has %d pieces at most", virtio.ErrDevice, i.Segments)
	}
	return nil
}

// release gives all memory back. The device was reset.
func (d *Disk) release() {
	if d.queue != nil {
		d.queue.Release(d.memory)
	}
	if d.headers.Bytes != nil {
		d.memory.Free(d.headers)
	}
	for _, p := range d.all {
		d.memory.Free(p)
	}
}

// Info is what the device says of itself.
func (d *Disk) Info() Info { return d.info }

// Stats is how much was done: requests, and how often the device was notified of them.
func (d *Disk) Stats() (requests, notifications uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.requests, d.doorbell
}
