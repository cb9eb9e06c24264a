package volume

// take gives an extent to write to. Where none is free, those may be that the next commit frees.
func (s *Store) take() (extent, error) {
	for again := false; ; again = true {
		s.mu.Lock()
		if s.readOnly || s.failed != nil {
			defer s.mu.Unlock()
			if s.failed != nil {
				return 0, s.failed
			}
			return 0, ErrReadOnly
		}
		if s.counts.free > s.reserve {
			e, _ := s.counts.take()
			s.mu.Unlock()
			return e, nil
		}
		waiting := len(s.freed) > 0 || len(s.dead) > 0
		if again || !waiting {
			s.mu.Unlock()
			return 0, ErrFull
		}
		s.force = true
		s.mu.Unlock()
		if err := s.rounds.run(s.commit); err != nil {
			return 0, err
		}
	}
}

// untake gives back an extent that no map ever named.
func (s *Store) untake(e extent) {
	s.mu.Lock()
	s.counts.release(e)
	s.mu.Unlock()
}

// give ends a reference to an extent, which no map on the disk has any more. s.mu is held.
func (s *Store) give(e extent) {
	if s.counts.drop(e) {
		s.counts.release(e)
	}
}

// update changes a volume's map, for the next commit.
func (s *Store) update(r *record, block uint32, to extent) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return s.failed
	}
	if err := s.set(r, block, to); err != nil {
		return err
	}
	s.updates = append(s.updates, update{uint32(r.index), block, to})
	return nil
}

// relieve commits where so much waits for it that memory or the reserve would run out.
func (s *Store) relieve() error {
	s.mu.Lock()
	much := s.dirty > maxDirty || len(s.updates) > maxUpdates
	s.mu.Unlock()
	if !much {
		return nil
	}
	return s.rounds.run(s.commit)
}

// working fails where nothing may be written any more.
func (s *Store) working() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}
