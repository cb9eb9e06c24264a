package volume

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Options say how a store is opened.
type Options struct {
	// ReadOnly changes nothing on the disk, and opens damaged stores too, as far as they can be read.
	ReadOnly bool
	// DropDamaged deletes volumes whose maps are damaged. Without it, a store that has one isn't opened.
	DropDamaged bool
	// CacheNodes is how many map blocks of 4 KiB are kept in memory; 0 is 256.
	CacheNodes int
}

// Open opens the store on a disk. It starts from the newest superblock, finds by a walk of all maps what is in use, and applies the
// log. The report has a sentence for each thing that was found not to be in order and was repaired.
func Open(dev Device, o Options) (*Store, []string, error) {
	super, report, err := readSupers(dev)
	if err != nil {
		return nil, report, err
	}
	if super == nil {
		return nil, report, ErrNoStore
	}
	if size := int64(super.extents) * ExtentSize; dev.Size() < size {
		return nil, report, fmt.Errorf("the volume store was made on a disk of %d bytes, and this one has %d: give the host the whole disk", size, dev.Size())
	}
	s := &Store{dev: dev, readOnly: o.ReadOnly, super: *super, cacheNodes: o.CacheNodes, nodes: map[slot]*node{}}
	if s.cacheNodes == 0 {
		s.cacheNodes = defaultCache
	}

	damage := s.readDirectory()
	report = append(report, s.dropFilling()...)
	damage = append(damage, s.walk()...)
	updates, err := s.super.readLog(dev)
	if err == nil {
		err = s.super.noneLater(dev)
	}
	var fatal *DamageError
	if errors.As(err, &fatal) {
		damage = append(damage, fatal.Damage...)
	} else if err != nil {
		return nil, report, err
	}

	switch {
	case len(damage) == 0:
	case o.ReadOnly:
		for _, d := range damage {
			report = append(report, d.String())
		}
	case o.DropDamaged && fatal == nil:
		report = append(report, s.dropDamaged(damage)...)
		if damage = s.walk(); len(damage) > 0 {
			return nil, report, &DamageError{Damage: damage}
		}
	default:
		return nil, report, &DamageError{Damage: damage, Droppable: fatal == nil}
	}

	if err := s.replay(updates, o); err != nil {
		return nil, report, err
	}
	pool := uint32(s.super.poolEnd() - s.super.poolStart())
	s.reserve = min(max(pool/16, 4), 32)
	if o.ReadOnly {
		return s, report, nil
	}
	if err := s.repairSupers(); err != nil {
		return nil, report, err
	}
	// A checkpoint of its own makes all that a power cut left of newer ones, and of the log, older than what comes now.
	if err := s.checkpointOr(func() {}); err != nil {
		return nil, report, err
	}
	return s, report, nil
}

// readSupers gives the newest superblock, nil where there is none, and says which copies are damaged.
func readSupers(dev Device) (*superblock, []string, error) {
	if dev.Size() < minExtents*ExtentSize {
		return nil, nil, nil
	}
	var found []*superblock
	var report []string
	look := func(at slot) {
		block := make([]byte, Sector)
		_, err := dev.ReadAt(block, at.offset())
		if err == nil {
			var s *superblock
			if s, err = decodeSuper(block, at); err == nil {
				found = append(found, s)
				return
			}
		}
		report = append(report, fmt.Sprintf("superblock at byte %d of the disk: %v", at.offset(), err))
	}
	newest := func() *superblock {
		return slices.MaxFunc(found, func(a, b *superblock) int { return cmp.Compare(a.generation, b.generation) })
	}

	places := supersOf(dev)
	look(places[0])
	look(places[2])
	if len(found) > 0 && int64(newest().extents)*ExtentSize <= dev.Size() {
		places = supersOfExtents(newest().extents)
	}
	look(places[1])
	look(places[3])
	if len(found) == 0 {
		return nil, nil, nil
	}
	s := newest()
	if !slices.ContainsFunc(found, func(o *superblock) bool { return o.generation%2 != s.generation%2 }) {
		report = append(report, fmt.Sprintf("both copies of a superblock were damaged; generation %d is open: if theirs was newer, what it changed is lost", s.generation))
	}
	return s, report, nil
}

// repairSupers writes the superblock of the last checkpoint once more. The others are written by the next.
func (s *Store) repairSupers() error {
	for _, at := range superSlots(s.super.generation, s.super.extents) {
		if _, err := s.dev.WriteAt(s.super.encode(at), at.offset()); err != nil {
			return fmt.Errorf("superblock at byte %d of the disk: %w", at.offset(), err)
		}
	}
	return s.flush()
}

// readDirectory reads the records of all volumes.
func (s *Store) readDirectory() []Damage {
	var damage []Damage
	names := map[string]bool{}
	for i, at := range s.super.directory {
		if at == 0 {
			continue
		}
		records, err := s.readRecords(i, at)
		if err != nil {
			damage = append(damage, Damage{Offset: at.offset(), Reason: err.Error()})
			continue
		}
		for _, r := range records {
			if r != nil && names[r.name] {
				damage = append(damage, Damage{Volume: r.name, Offset: at.offset(), Reason: "two volumes have this name"})
				continue
			}
			if r != nil {
				names[r.name] = true
				s.records[r.index] = r
			}
		}
	}
	return damage
}

// readRecords reads the i-th block of the directory.
func (s *Store) readRecords(i int, at slot) ([]*record, error) {
	if !s.inPool(at.extent()) {
		return nil, errors.New("the superblock names it as a directory block, and none can be there")
	}
	block := make([]byte, nodeSize)
	if _, err := s.dev.ReadAt(block, at.offset()); err != nil {
		return nil, err
	}
	return s.decodeDirectory(block, i, at)
}

// dropFilling deletes what imports left that had not ended.
func (s *Store) dropFilling() []string {
	var report []string
	for _, r := range s.records {
		if r != nil && r.flags&flagFilling != 0 {
			report = append(report, fmt.Sprintf("volume %s: its import had not ended: deleted; import it again", r.name))
			s.remove(r)
		}
	}
	return report
}

// dropDamaged deletes the volumes and directory blocks that are damaged.
func (s *Store) dropDamaged(damage []Damage) []string {
	var report []string
	for _, d := range damage {
		report = append(report, d.String()+": deleted")
		if d.Volume != "" {
			if r, err := s.find(d.Volume); err == nil {
				s.remove(r)
			}
			continue
		}
		for i, at := range s.super.directory {
			if at.offset() == d.Offset {
				s.super.directory[i] = 0
				s.touched[i] = true
			}
		}
	}
	return report
}

// noneLater fails where the log has blocks from behind a checkpoint whose superblock isn't there.
func (s *superblock) noneLater(dev Device) error {
	later := *s
	later.generation++
	block := make([]byte, nodeSize)
	at := later.logSlot(0)
	if _, err := dev.ReadAt(block, at.offset()); err != nil {
		return fmt.Errorf("log at byte %d of the disk: %w", at.offset(), err)
	}
	if later.belongs(0, block) {
		return &DamageError{Damage: []Damage{{Offset: superSlots(later.generation, later.extents)[0].offset(),
			Reason: fmt.Sprintf("both copies of the superblock of generation %d are damaged", later.generation)}}}
	}
	return nil
}

// replay applies what the log has.
func (s *Store) replay(updates []update, o Options) error {
	// Where a block was later put elsewhere, or nowhere, what it had before is of no use any more: it is a hole until then.
	type place struct{ volume, block uint32 }
	last := map[place]int{}
	for i, u := range updates {
		last[place{u.volume, u.block}] = i
	}
	// The map blocks that this makes must not lie where the log has data that counts: what is used by it is held from here on. All
	// else is free for them as soon as it was when the log was written, on a disk that may have been full.
	wanted := map[extent]bool{}
	for i, u := range updates {
		if last[place{u.volume, u.block}] == i && s.inPool(u.to) {
			wanted[u.to] = true
			if s.counts.get(u.to) == 0 {
				s.counts.hold(u.to)
			}
		}
	}
	for i, u := range updates {
		if last[place{u.volume, u.block}] != i {
			u.to = 0
		}
		if err := s.apply(u); err != nil {
			if o.ReadOnly {
				continue
			}
			return &DamageError{Damage: []Damage{{Offset: s.super.logSlot(0).offset(),
				Reason: fmt.Sprintf("update %d of the log: %v", i, err)}}}
		}
		for _, e := range s.freed {
			if !o.ReadOnly && s.counts.drop(e) && !wanted[e] {
				s.counts.release(e)
			}
		}
		s.freed = nil
	}
	for e := range wanted {
		if s.counts.get(e) == held && !s.slots.has(e) {
			s.counts.release(e) // for a volume that is gone
		}
	}
	return nil
}

// apply applies an update of the log.
func (s *Store) apply(u update) error {
	if u.volume >= MaxVolumes {
		return fmt.Errorf("there is no volume %d", u.volume)
	}
	r := s.records[u.volume]
	switch {
	case r == nil:
		return nil // it was deleted, because it was damaged or not complete
	case int64(u.block)*ExtentSize >= r.size:
		return fmt.Errorf("volume %s has no block %d", r.name, u.block)
	case u.to != 0 && !s.inPool(u.to):
		return fmt.Errorf("volume %s can't have extent %d", r.name, u.to)
	case u.to != 0 && !s.readOnly && (s.slots.has(u.to) || s.counts.get(u.to) != held):
		return fmt.Errorf("volume %s: extent %d is in use", r.name, u.to)
	}
	return s.set(r, u.block, u.to)
}
