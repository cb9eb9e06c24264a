package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"tuco/ring"
)

// Where a request has what is changed here: see blkif.Request.
const (
	slotsAt, slotSize, slots             = 64, 112, 32
	countAt, handleAt, sectorAt, firstAt = 1, 2, 16, 24
	segmentSize                          = 8
)

// diskChanging changes requests while they are read. Whatever comes of each, all are answered, and the disk goes on.
func diskChanging(d *device) error {
	b, err := connectDisk(d)
	if err != nil {
		return err
	}
	const rounds, atOnce = 40, 16
	var over atomic.Bool
	var scribbling sync.WaitGroup
	scribbling.Go(func() {
		for random := rand.New(rand.NewPCG(1, 2)); !over.Load(); {
			b.scribble(random)
		}
	})
	h := ring.HeaderOf(b.memory.Memory)
	for n := uint32(atOnce); n <= rounds*atOnce; n += atOnce {
		atomic.StoreUint32(&h.RspEvent, n)
		atomic.StoreUint32(&h.ReqProd, n)
		b.notify()
		for atomic.LoadUint32(&h.RspProd) != n {
			b.event()
			if state, err := b.await(connected, closing); err != nil || state != connected {
				return fmt.Errorf("%s: disconnected in round %d, though no index was wrong: %w", d.front, n/atOnce, err)
			}
		}
	}
	over.Store(true)
	scribbling.Wait()
	atomic.StoreUint32(&h.ReqProd, math.MaxUint32/2)
	b.notify()
	return b.disconnected("requests that change while they are read, and at last an index", ring.ErrIndex.Error())
}

// scribble changes a field of a request. References are to this disk's pages, or to none: the other devices of this domain are attacked
// elsewhere. Nor does any other field that may be taken for a reference look like one, since all grants of this domain are below
// 512.
func (b *blockDevice) scribble(random *rand.Rand) {
	slot := b.memory.Memory[slotsAt+slotSize*random.IntN(slots):][:slotSize]
	segment := slot[firstAt+segmentSize*random.IntN(11):]
	switch random.IntN(6) {
	case 0:
		slot[0] = [...]byte{0, 0, 0, 1, 1, 3, 5, 6, 200}[random.IntN(9)]
	case 1:
		slot[countAt] = byte(random.IntN(14))
	case 2:
		slot[handleAt] = byte(random.IntN(140))
	case 3:
		binary.LittleEndian.PutUint64(slot[sectorAt:], random.Uint64N(b.sectors)<<(random.IntN(8)/7*40))
	case 4:
		ref := b.pages.Refs[random.IntN(len(b.pages.Refs))]
		if random.IntN(4) == 0 {
			ref = noGrant
		}
		binary.LittleEndian.PutUint32(segment, uint32(ref))
	case 5:
		const least = 2 // of the last sector: see above
		segment[4], segment[5] = byte(random.IntN(10)), byte(least+random.IntN(8))
	}
}
