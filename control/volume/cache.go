package volume

import "fmt"

// load gives a node, from the cache or from the disk. s.mu is held.
func (s *Store) load(at slot, level uint32) (*node, error) {
	if n := s.nodes[at]; n != nil {
		if n.level != level {
			return nil, fmt.Errorf("byte %d of the disk: a map block of level %d, in the place of one of level %d", at.offset(), n.level, level)
		}
		n.recent = true
		return n, nil
	}
	if !s.inPool(at.extent()) {
		return nil, fmt.Errorf("byte %d of the disk: a map names this as a map block, and none can be there", at.offset())
	}
	block := make([]byte, nodeSize)
	if _, err := s.dev.ReadAt(block, at.offset()); err != nil {
		return nil, fmt.Errorf("map block at byte %d of the disk: %w", at.offset(), err)
	}
	n, err := decodeNode(block, s.super.store, s.super.generation, at, level)
	if err != nil {
		return nil, fmt.Errorf("byte %d of the disk: %w", at.offset(), err)
	}
	s.keep(n)
	return n, nil
}

// keep puts a node into the cache. Where the cache is full, clean nodes leave it that weren't used of late, in the
// random order that a Go map has. s.mu is held.
func (s *Store) keep(n *node) {
	for passes := 0; len(s.nodes) >= s.cacheNodes && passes < 2; passes++ {
		for at, old := range s.nodes {
			if old.state == clean && !old.recent {
				delete(s.nodes, at)
			}
			old.recent = false
			if len(s.nodes) < s.cacheNodes*3/4 {
				break
			}
		}
	}
	n.recent = true
	s.nodes[n.at] = n
}

// modify marks a node of the cache as changed.
func (s *Store) modify(n *node) {
	if n.state != dirty {
		n.state = dirty
		s.dirty++
	}
}

// forget takes a node out of the cache whose last reference is gone.
func (s *Store) forget(n *node) {
	if n.state == dirty {
		s.dirty--
	}
	delete(s.nodes, n.at)
}
