package volume

import "fmt"

// Between checkpoints the log holds what changed in maps. A commit is one block of it, or a few: the blocks have consecutive
// numbers, from 0 on after each checkpoint, and each but the first has the checksum of the one before, so that what an
// older commit left behind is never taken for a part of a newer. The header's detail is the number; then come
//
//	32  previous  checksum of the block before, 0 in the first
//	36  count     of updates in this block
//	40  first     number of the first block of the commit
//	44  last      and of the last
//	48  updates   12 bytes each: index of the volume in the directory, block, extent (0: a hole)
const (
	logHeader       = 48
	updateSize      = 12
	updatesPerBlock = (nodeSize - logHeader) / updateSize
)

type update struct {
	volume uint32
	block  uint32
	to     extent
}

// journal is where the log stands. Only the round that runs uses it.
type journal struct {
	next     int    // number of the next block
	previous uint32 // checksum of the block before
}

// logBlocks is how many blocks a commit of n updates takes.
func logBlocks(n int) int { return ceil(n, updatesPerBlock) }

// encodeCommit makes the blocks of a commit, and tells where the log stands behind them.
func (s *superblock) encodeCommit(j journal, updates []update) ([]byte, journal) {
	blocks := make([]byte, logBlocks(len(updates))*nodeSize)
	first := j.next
	last := first + logBlocks(len(updates)) - 1
	for b := blocks; len(b) > 0; b = b[nodeSize:] {
		n := min(len(updates), updatesPerBlock)
		le.PutUint32(b[32:], j.previous)
		le.PutUint32(b[36:], uint32(n))
		le.PutUint32(b[40:], uint32(first))
		le.PutUint32(b[44:], uint32(last))
		for i, u := range updates[:n] {
			at := b[logHeader+i*updateSize:]
			le.PutUint32(at[0:], u.volume)
			le.PutUint32(at[4:], u.block)
			le.PutUint32(at[8:], uint32(u.to))
		}
		updates = updates[n:]
		header{magicLog, s.store, s.generation, s.logSlot(j.next), uint32(j.next)}.seal(b[:nodeSize])
		j = journal{j.next + 1, checksum(b)}
	}
	return blocks, j
}

// readLog gives the updates of all commits since the checkpoint, in order. The log ends at a block that doesn't continue it,
// which is what a power cut leaves of the commit that was being written. But a commit begins only when the one before is durable:
// where a block of a later one stands behind that end, the log was damaged since.
func (s *superblock) readLog(dev Device) ([]update, error) {
	log := make([]byte, s.logBlocks()*nodeSize)
	start := s.logSlot(0)
	if _, err := dev.ReadAt(log, start.offset()); err != nil {
		return nil, fmt.Errorf("log at byte %d of the disk: %w", start.offset(), err)
	}
	var all, commit []update
	j, end := journal{}, 0 // end: the number behind the last complete commit
	for j.next < s.logBlocks() {
		b := log[j.next*nodeSize:][:nodeSize]
		if !s.belongs(j.next, b) || le.Uint32(b[32:]) != j.previous {
			break
		}
		for i := range le.Uint32(b[36:]) {
			at := b[logHeader+i*updateSize:]
			commit = append(commit, update{le.Uint32(at[0:]), le.Uint32(at[4:]), extent(le.Uint32(at[8:]))})
		}
		j = journal{j.next + 1, checksum(b)}
		if le.Uint32(b[44:]) < uint32(j.next) {
			all, commit, end = append(all, commit...), nil, j.next
		}
	}
	for i := end; i < s.logBlocks(); i++ {
		if b := log[i*nodeSize:][:nodeSize]; s.belongs(i, b) && le.Uint32(b[40:]) > uint32(end) {
			return all, &DamageError{Damage: []Damage{{Offset: (start + slot(end)).offset(),
				Reason: "a block of the log is damaged, and later ones are there"}}}
		}
	}
	return all, nil
}

// belongs tells whether a block is one of the log since the checkpoint, in its place.
func (s *superblock) belongs(number int, b []byte) bool {
	h, err := unseal(b, magicLog, s.store, s.logSlot(number))
	return err == nil && h.generation == s.generation && h.detail == uint32(number) && le.Uint32(b[36:]) <= updatesPerBlock
}
