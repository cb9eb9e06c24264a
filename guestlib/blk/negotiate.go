package blk

import (
	"context"
	"fmt"
	"math"

	"tuco/guestlib/frontend"
	"tuco/hypercall"
	"tuco/ring"
	"tuco/ring/blkif"
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
	order, err := c.Number(blkif.KeyMaxRingOrder, math.MaxUint32, 0)
	if err != nil {
		return nil, 0, err
	}
	order = min(order, maxRingOrder)
	shared, err := c.Share(1<<order, false)
	if err != nil {
		return nil, 0, err
	}
	nodes = map[string]string{blkif.KeyProtocol: blkif.Protocol, blkif.KeyPersistent: "1"}
	if order == 0 {
		nodes[blkif.KeyRingRef] = fmt.Sprint(shared.Refs[0])
	} else {
		nodes[blkif.KeyRingOrder] = fmt.Sprint(order)
		for i, ref := range shared.Refs {
			nodes[fmt.Sprint(blkif.KeyRingRef, i)] = fmt.Sprint(ref)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ring = ring.MakeFront[blkif.Request, blkif.Response](shared.Memory)
	l.connection = c
	l.slots = make([]slot, l.ring.Size())
	for i := range l.slots {
		l.free = append(l.free, i)
	}
	return nodes, hypercall.XenbusStateInitialised, nil
}

// Accept implements frontend.Driver: the back end says what the device is.
func (l *link) Accept(c *frontend.Connection) error {
	sectors, err := c.Number(blkif.KeySectors, math.MaxInt64/blkif.SectorSize, 0)
	if err != nil {
		return err
	}
	size, err := c.Number(blkif.KeySectorSize, frontend.PageSize, blkif.SectorSize)
	if err != nil {
		return err
	}
	if size < blkif.SectorSize || size&(size-1) != 0 {
		return fmt.Errorf("%s/sector-size says %d, which is no power of two from %d on", c.Back, size, blkif.SectorSize)
	}
	if bytes := sectors * blkif.SectorSize; bytes%size != 0 {
		return fmt.Errorf("%s: %d bytes are not whole sectors of %d", c.Back, bytes, size)
	}
	info, err := c.Number(blkif.KeyInfo, math.MaxUint32, 0)
	if err != nil {
		return err
	}
	indirect, err := c.Number(blkif.KeyIndirect, math.MaxUint32, 0)
	if err != nil {
		return err
	}
	var flags [4]bool
	for i, name := range []string{blkif.KeyFlush, blkif.KeyBarrier, blkif.KeyDiscard, blkif.KeyPersistent} {
		if flags[i], err = c.Flag(name); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.info = Info{
		Size: int64(sectors * blkif.SectorSize), SectorSize: int(size), ReadOnly: info&blkif.InfoReadOnly != 0,
		Flush: flags[0] || flags[1], Discard: flags[2], Persistent: flags[3], RingSize: l.ring.Size(),
		Segments: max(int(min(indirect, maxSegments)), blkif.MaxSegments),
	}
	if !l.havePage() {
		return fmt.Errorf("%s: no memory to share", c.Path)
	}
	switch {
	case flags[0]:
		l.flush = blkif.OpFlush
	case flags[1]:
		l.flush = blkif.OpBarrier
	}
	return nil
}
