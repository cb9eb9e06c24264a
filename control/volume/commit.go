package volume

import (
	"fmt"
	"slices"
)

// commit makes durable what was written, and the maps that lead there: a round's work. Data goes first, so that no map on the disk ever leads to
// an extent whose content isn't there; what a map no longer names is free when the disk says so too.
//
// A map that gives up an extent still counts until then. Not only must nobody else get the extent: if another volume has it too, that one
// must not write in place what, after a power cut, both have again.
func (s *Store) commit() error {
	s.mu.Lock()
	if s.failed != nil {
		s.mu.Unlock()
		return s.failed
	}
	updates := s.updates
	blocks := logBlocks(len(updates))
	if s.force || s.dirty > maxDirty || blocks > maxUpdates/updatesPerBlock || s.log.next+blocks > s.super.logBlocks() {
		return s.checkpoint()
	}
	freed := s.freed
	s.updates, s.freed = nil, nil
	s.mu.Unlock()

	if err := s.flush(); err != nil {
		return err
	}
	if blocks > 0 {
		log, next := s.super.encodeCommit(s.log, updates)
		if _, err := s.dev.WriteAt(log, s.super.logSlot(s.log.next).offset()); err != nil {
			s.restore(updates, freed)
			return fmt.Errorf("the volume store's log: %w", err)
		}
		if err := s.flush(); err != nil {
			return err
		}
		s.log = next
	}
	s.mu.Lock()
	for _, e := range freed {
		s.give(e)
	}
	s.mu.Unlock()
	return nil
}

// restore puts back what a commit took that failed, for the next.
func (s *Store) restore(updates []update, freed []extent) {
	s.mu.Lock()
	s.updates = append(updates, s.updates...)
	s.freed = append(freed, s.freed...)
	s.mu.Unlock()
}

// flush flushes the disk. Where that fails nobody knows which writes are lost, and a second flush that succeeds tells nothing of
// them: so the store takes no more writes.
func (s *Store) flush() error {
	err := s.dev.Flush()
	if err != nil {
		err = s.fail(err)
	}
	return err
}

func (s *Store) fail(cause error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = fmt.Errorf("%w: %w", ErrFailed, cause)
	return s.failed
}

// image is a block on its way to the disk.
type image struct {
	at    slot
	block []byte
}

// checkpoint writes all maps that changed, and a superblock that leads to them. The log begins anew. s.mu is held when it begins.
func (s *Store) checkpoint() error {
	next := s.super
	next.generation++
	nodes, images := s.freeze(next.generation)
	blocks, err := s.moveDirectory(&next)
	if err != nil {
		s.thaw(nodes)
		s.mu.Unlock()
		return err
	}
	for _, b := range blocks {
		images = append(images, b.image)
	}
	updates, freed, dead := s.updates, s.freed, s.dead
	s.updates, s.freed, s.dead, s.force = nil, nil, nil, false
	s.mu.Unlock()

	if err := s.writeImages(images); err != nil {
		s.restore(updates, freed)
		s.mu.Lock()
		s.thaw(nodes)
		s.dead = append(dead, s.dead...)
		s.force = true
		for _, b := range blocks {
			s.touched[b.index] = true
			s.slots.give(b.image.at, &s.counts)
		}
		s.mu.Unlock()
		return fmt.Errorf("the volume store's maps: %w", err)
	}
	if err := s.flush(); err != nil {
		return err
	}
	for _, at := range superSlots(next.generation, next.extents) {
		if _, err := s.dev.WriteAt(next.encode(at), at.offset()); err != nil {
			// It may be there all the same, and then a log that goes on from the last one counts for nothing.
			return s.fail(err)
		}
	}
	if err := s.flush(); err != nil {
		return err
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range nodes {
		if n.state == frozen {
			n.state = clean
		}
	}
	for _, b := range blocks {
		if old := s.super.directory[b.index]; old != 0 {
			s.slots.give(old, &s.counts)
		}
	}
	for _, at := range dead {
		s.slots.give(at, &s.counts)
	}
	for _, e := range freed {
		s.give(e)
	}
	s.super, s.log = next, journal{}
	return nil
}

// freeze takes all dirty nodes as they are. They stay in the cache till they are on the disk. s.mu is held.
func (s *Store) freeze(generation uint64) ([]*node, []image) {
	var nodes []*node
	var images []image
	for _, n := range s.nodes {
		if n.state == dirty {
			n.state = frozen
			nodes = append(nodes, n)
			images = append(images, image{n.at, n.encode(s.super.store, generation)})
		}
	}
	s.dirty = 0
	return nodes, images
}

// thaw says of nodes that they were not written after all, as far as they are still there. s.mu is held.
func (s *Store) thaw(nodes []*node) {
	for _, n := range nodes {
		if s.nodes[n.at] == n {
			s.modify(n)
		}
	}
}

// directoryImage is a directory block that goes to a new place.
type directoryImage struct {
	index int
	image image
}

// moveDirectory gives new places to the directory blocks that changed. s.mu is held.
func (s *Store) moveDirectory(next *superblock) ([]directoryImage, error) {
	var blocks []directoryImage
	for i, touched := range s.touched {
		if !touched {
			continue
		}
		at, ok := s.slots.take(&s.counts, 0)
		if !ok {
			for _, b := range blocks {
				s.slots.give(b.image.at, &s.counts)
				s.touched[b.index] = true
			}
			return nil, fmt.Errorf("the volume store's directory: %w", ErrFull)
		}
		next.directory[i] = at
		s.touched[i] = false
		blocks = append(blocks, directoryImage{i, image{at, s.encodeDirectory(i, at, next.generation)}})
	}
	return blocks, nil
}

// writeImages writes blocks, with one write for those that lie side by side.
func (s *Store) writeImages(images []image) error {
	slices.SortFunc(images, func(a, b image) int { return int(int64(a.at) - int64(b.at)) })
	for len(images) > 0 {
		n := 1
		run := images[0].block
		for n < len(images) && images[n].at == images[0].at+slot(n) {
			run = append(run, images[n].block...)
			n++
		}
		if _, err := s.dev.WriteAt(run, images[0].at.offset()); err != nil {
			return err
		}
		images = images[n:]
	}
	return nil
}
