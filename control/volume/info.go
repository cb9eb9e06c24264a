package volume

import (
	"cmp"
	"slices"
	"time"
)

// Info describes a volume.
type Info struct {
	Name      string
	Size      int64 // bytes, as its guest sees it
	Allocated int64 // bytes of disk that its blocks take
	Shared    int64 // of these, bytes that others use too
	ReadOnly  bool  // a snapshot
	Open      bool
	Created   time.Time
}

// List describes all volumes, by name. It reads their maps.
func (s *Store) List() ([]Info, error) {
	s.management.Lock()
	defer s.management.Unlock()
	var list []Info
	for i := range s.records {
		s.mu.Lock()
		r := s.records[i]
		if r == nil {
			s.mu.Unlock()
			continue
		}
		info := Info{
			Name:      r.name,
			Size:      r.size,
			Allocated: int64(r.mapped) * ExtentSize,
			ReadOnly:  r.flags&flagReadOnly != 0,
			Open:      r.readers+r.writers > 0,
			Created:   time.Unix(r.created, 0),
		}
		shared, err := s.shared(r.root, r.height-1, false)
		s.mu.Unlock()
		if err != nil {
			return nil, err
		}
		info.Shared = int64(shared) * ExtentSize
		list = append(list, info)
	}
	slices.SortFunc(list, func(a, b Info) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}

// shared counts the blocks below a node that more than one volume leads to. s.mu is held.
func (s *Store) shared(at slot, level uint32, above bool) (uint32, error) {
	if at == 0 {
		return 0, nil
	}
	n, err := s.load(at, level)
	if err != nil {
		return 0, err
	}
	above = above || s.parents[at] > 1
	var sum uint32
	for _, e := range n.entries {
		switch {
		case e == 0:
		case level > 0:
			below, err := s.shared(slot(e), level-1, above)
			if err != nil {
				return 0, err
			}
			sum += below
		case above || s.counts.get(extent(e)) > 1:
			sum++
		}
	}
	return sum, nil
}

// Space is how the disk is used, in bytes.
type Space struct {
	Size int64 // of the disk
	Free int64 // that volumes can get
}

// Space tells how much of the disk is free.
func (s *Store) Space() Space {
	s.mu.Lock()
	defer s.mu.Unlock()
	free := uint32(0)
	if s.counts.free > s.reserve {
		free = s.counts.free - s.reserve
	}
	return Space{Size: int64(s.super.extents) * ExtentSize, Free: int64(free) * ExtentSize}
}
