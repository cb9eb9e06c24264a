package volume

import "errors"

// superblock is the root of a checkpoint. It fills one sector, which is never torn.
//
//	32  extents     of the disk, those of superblocks and log too
//	36  log         extents of the log
//	40  directory   slots of the directory's blocks, 0 where there is none, to the end of the sector
type superblock struct {
	store      uint64
	generation uint64
	extents    uint32
	log        uint32
	directory  [directoryBlocks]slot
}

const directoryBlocks = 64

// superSlots is where the superblock of a generation is: even and odd ones have different places, so that the newest
// complete one stands while the next is written, and each is there twice, at both ends of the disk.
func superSlots(generation uint64, extents uint32) [2]slot {
	i := int(generation%2) * slotsPerExtent / 2
	return [2]slot{extent(0).slot(i), extent(extents - 1).slot(i)}
}

// encode makes the superblock for a place. Only the first sector has content.
func (s *superblock) encode(at slot) []byte {
	block := make([]byte, nodeSize)
	le.PutUint32(block[32:], s.extents)
	le.PutUint32(block[36:], s.log)
	for i, d := range s.directory {
		le.PutUint32(block[40+4*i:], uint32(d))
	}
	header{magicSuper, s.store, s.generation, at, 0}.seal(block[:Sector])
	return block
}

var errLayout = errors.New("the superblock's layout is impossible")

// decodeSuper reads a superblock of any store.
func decodeSuper(block []byte, at slot) (*superblock, error) {
	block = block[:Sector]
	h, err := unseal(block, magicSuper, le.Uint64(block[8:]), at)
	if err != nil {
		return nil, err
	}
	s := &superblock{store: h.store, generation: h.generation, extents: le.Uint32(block[32:]), log: le.Uint32(block[36:])}
	for i := range s.directory {
		s.directory[i] = slot(le.Uint32(block[40+4*i:]))
	}
	if s.extents < minExtents || s.extents > maxExtents || s.log == 0 || s.log > maxLog || s.poolStart()+1 >= extent(s.extents) {
		return nil, errLayout
	}
	return s, nil
}

// The disk, in extents: superblocks, log, the pool that volumes and their maps are made of, superblocks again.
const (
	minExtents = 32      // 2 MiB
	maxExtents = 1 << 27 // 8 TiB: all slots have numbers, and there are some above
	maxLog     = 16      // 1 MiB
)

func (s *superblock) poolStart() extent { return extent(1 + s.log) }
func (s *superblock) poolEnd() extent   { return extent(s.extents - 1) }

// logSlot is the place of the log's i-th block.
func (s *superblock) logSlot(i int) slot { return extent(1).slot(i) }

func (s *superblock) logBlocks() int { return int(s.log) * slotsPerExtent }
