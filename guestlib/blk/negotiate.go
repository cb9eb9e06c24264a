package blk

import (
	"context"
	"fmt"
	"math"

	"tuco/guestlib/frontend"
	"tuco/hypercall"
	"tuco/ring"
)

// What this end is content with.
const (
	maxRingOrder = 2   // pages of the ring, as a power of two
	maxSegments  = 128 // pages of a request; one page lists them all
	maxPages     = 512 // pages for data and lists
	pagesAtOnce  = 8   // that many more when they run out
)

// connect connects a device.
func connect(ctx context.Context, domain frontend.Domain, path string) (*link, error) {
	l := &link{}
	l.room.L = &l.mu
	if _, err := frontend.Connect(ctx, domain, path, l); err != nil {
		return nil, err
	}
	return l, nil
}

// Propose implements frontend.Driver: the ring is made.
func (l *link) Propose(c *frontend.Connection) (nodes map[string]string, state hypercall.XenbusState, err error) {
	order, err := c.Number("max-ring-page-order", math.MaxUint32, 0)
	if err != nil {
		return nil, 0, err
	}
	order = min(order, maxRingOrder)
	shared, err := c.Share(1<<order, false)
	if err != nil {
		return nil, 0, err
	}
	nodes = map[string]string{"protocol": "x86_64-abi", "feature-persistent": "1"}
	if order == 0 {
		nodes["ring-ref"] = fmt.Sprint(shared.Refs[0])
	} else {
		nodes["ring-page-order"] = fmt.Sprint(order)
		for i, ref := range shared.Refs {
			nodes[fmt.Sprintf("ring-ref%d", i)] = fmt.Sprint(ref)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ring = ring.MakeFront[hypercall.BlkifRequest, hypercall.BlkifResponse](shared.Memory)
	l.connection = c
	l.slots = make([]slot, l.ring.Size())
	for i := range l.slots {
		l.free = append(l.free, i)
	}
	return nodes, hypercall.XenbusStateInitialised, nil
}

// Accept implements frontend.Driver: the back end says what the device is.
func (l *link) Accept(c *frontend.Connection) error {
	sectors, err := c.Number("sectors", math.MaxInt64/sectorSize, 0)
	if err != nil {
		return err
	}
	size, err := c.Number("sector-size", frontend.PageSize, sectorSize)
	if err != nil {
		return err
	}
	if size < sectorSize || size&(size-1) != 0 {
		return fmt.Errorf("%s/sector-size says %d, which is no power of two from %d on", c.Back, size, sectorSize)
	}
	if bytes := sectors * sectorSize; bytes%size != 0 {
		return fmt.Errorf("%s: %d bytes are not whole sectors of %d", c.Back, bytes, size)
	}
	info, err := c.Number("info", math.MaxUint32, 0)
	if err != nil {
		return err
	}
	indirect, err := c.Number("feature-max-indirect-segments", math.MaxUint32, 0)
	if err != nil {
		return err
	}
	var flags [4]bool
	for i, name := range []string{"feature-flush-cache", "feature-barrier", "feature-discard", "feature-persistent"} {
		if flags[i], err = c.Flag(name); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.info = Info{
		Size: int64(sectors * sectorSize), SectorSize: int(size), ReadOnly: info&hypercall.VDISK_READONLY != 0,
		Flush: flags[0] || flags[1], Discard: flags[2], Persistent: flags[3], RingSize: l.ring.Size(),
		Segments: max(int(min(indirect, maxSegments)), hypercall.BLKIF_MAX_SEGMENTS_PER_REQUEST),
	}
	if !l.havePage() {
		return fmt.Errorf("%s: no memory to share", c.Path)
	}
	switch {
	case flags[0]:
		l.flush = hypercall.BLKIF_OP_FLUSH_DISKCACHE
	case flags[1]:
		l.flush = hypercall.BLKIF_OP_WRITE_BARRIER
	}
	return nil
}
