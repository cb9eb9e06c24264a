package volume

import "fmt"

// A walk of all maps finds which extents and slots are in use, and how often: what counts, slots and parents say. It is how a store is opened,
// and how it is checked.

// reset forgets what is in use.
func (s *Store) reset() {
	s.counts = makeCounts(s.super.extents, s.super.poolStart(), s.super.poolEnd())
	s.slots = makeSlots()
	s.parents = map[slot]uint32{}
}

// walk counts what the directory and all volumes use, and gives what is damaged: then the counts mean nothing.
func (s *Store) walk() []Damage {
	s.reset()
	var damage []Damage
	for _, at := range s.super.directory {
		if at == 0 {
			continue
		}
		if err := s.occupy(at); err != nil {
			damage = append(damage, Damage{Offset: at.offset(), Reason: err.Error()})
		}
	}
	w := walker{Store: s, broken: map[slot]*Damage{}}
	for _, r := range s.records {
		if r == nil || r.root == 0 {
			continue
		}
		if d := w.tree(r.root, r.height-1); d != nil {
			d := *d
			d.Volume = r.name
			damage = append(damage, d)
		}
	}
	return damage
}

type walker struct {
	*Store
	broken map[slot]*Damage // found so before, by way of another volume
}

// tree counts one more reference to a node, and at the first all that hangs below it.
func (w *walker) tree(at slot, level uint32) *Damage {
	if w.parents[at] > 0 {
		w.parents[at]++
		return w.broken[at]
	}
	d := w.firstVisit(at, level)
	if d != nil {
		w.broken[at] = d
	}
	w.parents[at] = 1
	return d
}

func (w *walker) firstVisit(at slot, level uint32) *Damage {
	bad := func(err error) *Damage { return &Damage{Offset: at.offset(), Reason: err.Error()} }
	if err := w.occupy(at); err != nil {
		return bad(err)
	}
	n, err := w.load(at, level)
	if err != nil {
		return bad(err)
	}
	// n may leave the cache meanwhile, but doesn't change.
	for _, e := range n.entries {
		switch {
		case e == 0:
		case level > 0:
			if d := w.tree(slot(e), level-1); d != nil {
				return d
			}
		default:
			if err := w.name(extent(e)); err != nil {
				return bad(err)
			}
		}
	}
	return nil
}

// inPool tells whether volumes may use an extent.
func (s *Store) inPool(e extent) bool { return e >= s.super.poolStart() && e < s.super.poolEnd() }

// occupy says that one of the store's blocks is in a slot.
func (s *Store) occupy(at slot) error {
	e := at.extent()
	switch {
	case !s.inPool(e):
		return fmt.Errorf("a block of the store can't be there")
	case s.slots.inUse(at):
		return fmt.Errorf("two blocks of the store have this place")
	case s.counts.get(e) != 0 && !s.slots.has(e):
		return fmt.Errorf("a block of the store lies where a volume has data")
	}
	s.counts.hold(e)
	s.slots.mark(at)
	return nil
}

// name counts a leaf's reference to an extent.
func (s *Store) name(e extent) error {
	switch {
	case !s.inPool(e):
		return fmt.Errorf("the map names extent %d, which no volume can have", e)
	case s.counts.get(e) == held:
		return fmt.Errorf("the map names extent %d, where the store's blocks lie", e)
	case s.counts.get(e) == held-1:
		return fmt.Errorf("the map names extent %d, as too many others do", e)
	}
	s.counts.add(e)
	return nil
}
