package volume

import "fmt"

// place is where a block of a volume lies.
type place struct {
	extent extent // 0: a hole
	own    bool   // no other volume leads there, so that it may be written in place
}

// lookup finds where a block lies. s.mu is held.
func (s *Store) lookup(r *record, block uint32) (place, error) {
	at, own := r.root, true
	for level := r.height - 1; ; level-- {
		if at == 0 {
			return place{}, nil
		}
		n, err := s.load(at, level)
		if err != nil {
			return place{}, fmt.Errorf("volume %s: %w", r.name, err)
		}
		own = own && s.parents[at] == 1
		e := n.entries[index(block, level)]
		if level > 0 {
			at = slot(e)
			continue
		}
		switch {
		case e == 0:
			return place{}, nil
		case !s.inPool(extent(e)):
			return place{}, fmt.Errorf("volume %s: byte %d of the disk: the map names extent %d, which no volume can have", r.name, n.at.offset(), e)
		}
		return place{extent(e), own && s.counts.get(extent(e)) == 1}, nil
	}
}

// next looks at a volume's map from a block on: for the first block that is no hole, or it tells from where on to look further.
// It looks at one leaf, and s.mu is held.
func (s *Store) next(r *record, block uint32) (next int64, found bool, err error) {
	at := r.root
	for level := r.height - 1; at != 0; level-- {
		n, err := s.load(at, level)
		if err != nil {
			return 0, false, fmt.Errorf("volume %s: %w", r.name, err)
		}
		under := span(level) / fanout // an entry spans so many blocks
		first := int64(block) - int64(block)%span(level)
		i := index(block, level)
		for i < fanout && n.entries[i] == 0 {
			i++
		}
		if start := first + int64(i)*under; start > int64(block) {
			if i == fanout || start > maxBlock {
				return start, false, nil
			}
			block = uint32(start)
		}
		if level == 0 {
			return int64(block), true, nil
		}
		at = slot(n.entries[i])
	}
	return maxBlock + 1, false, nil
}

// set makes a block lie in an extent that was taken for it, or nowhere (0), and gives up the extent where it lay. Either all of
// it happens or nothing. s.mu is held.
func (s *Store) set(r *record, block uint32, to extent) error {
	// What can fail comes first: reading the path, and room for it to be copied to.
	var path [maxHeight]*node
	for level, at := r.height-1, r.root; at != 0; level-- {
		n, err := s.load(at, level)
		if err != nil {
			return fmt.Errorf("volume %s: %w", r.name, err)
		}
		path[level] = n
		if level == 0 {
			break
		}
		at = slot(n.entries[index(block, level)])
	}
	if to == 0 && (path[0] == nil || path[0].entries[index(block, 0)] == 0) {
		return nil
	}
	if !s.readOnly && !s.slots.ready(int(r.height), &s.counts, s.reserve/2) {
		return fmt.Errorf("volume %s: %w", r.name, ErrFull)
	}

	for level := int(r.height) - 1; level >= 0; level-- {
		n := s.writable(path[level], uint32(level))
		if n == path[level] {
			continue
		}
		path[level] = n
		if level == int(r.height)-1 {
			r.root = n.at
		} else {
			path[level+1].entries[index(block, uint32(level)+1)] = uint32(n.at)
		}
	}
	entry := &path[0].entries[index(block, 0)]
	from := extent(*entry)
	*entry = uint32(to)
	if to != 0 {
		s.counts.set(to, 1)
		r.mapped++
	}
	if from != 0 {
		s.freed = append(s.freed, from)
		r.mapped--
	}
	s.touch(r)
	return nil
}

// writable gives a node that may be changed, in the place of one on a volume's path: the same if the last checkpoint doesn't
// have it and nobody shares it, else a copy; a new one where there is none. s.mu is held.
func (s *Store) writable(old *node, level uint32) *node {
	if old == nil {
		return s.newNode(level)
	}
	at := old.at
	if old.state == dirty && s.parents[at] == 1 {
		return old
	}
	n := s.newNode(level)
	n.entries = old.entries
	switch {
	case s.readOnly:
		// Nothing is counted: maps may be damaged.
	case s.parents[at] > 1:
		s.parents[at]--
		s.addChildren(n)
	default:
		s.forget(old)
		s.bury(at)
	}
	return n
}

// newNode makes a node with no entries, in a slot that is known to be there. Where nothing is written it is one behind the
// disk's end: which of the disk's are free isn't known where maps are damaged.
func (s *Store) newNode(level uint32) *node {
	var at slot
	if s.readOnly {
		at = extent(s.super.extents).slot(s.dirty)
	} else {
		at, _ = s.slots.take(&s.counts, s.reserve/2)
	}
	n := &node{at: at, level: level}
	s.keep(n)
	s.modify(n)
	s.parents[at] = 1
	return n
}

// addChildren counts a node's references.
func (s *Store) addChildren(n *node) {
	for _, e := range n.entries {
		switch {
		case e == 0:
		case n.level == 0:
			s.counts.add(extent(e))
		default:
			s.parents[slot(e)]++
		}
	}
}

// bury takes the last reference from a slot. The last checkpoint may have it, so it is given back only after the next.
func (s *Store) bury(at slot) {
	delete(s.parents, at)
	s.dead = append(s.dead, at)
}

// prune gives up a reference to a tree that no volume has any more; from the disk it has gone already. It stops early at a block that
// can't be read: what hangs below stays in use until the store is opened again.
func (s *Store) prune(at slot, level uint32) {
	if at == 0 {
		return
	}
	s.mu.Lock()
	if s.parents[at] > 1 {
		s.parents[at]--
		s.mu.Unlock()
		return
	}
	n, err := s.load(at, level)
	if err != nil {
		s.mu.Unlock()
		return
	}
	// Nobody else leads here, so that the node stays as it is.
	children := n.entries
	s.forget(n)
	s.bury(at)
	if level == 0 {
		for _, e := range children {
			if e != 0 {
				s.give(extent(e))
			}
		}
	}
	s.mu.Unlock()
	if level > 0 {
		for _, e := range children {
			s.prune(slot(e), level-1)
		}
	}
}
