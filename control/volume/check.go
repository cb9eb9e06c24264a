package volume

import (
	"errors"
	"fmt"
)

// Check walks all maps and compares what it finds with what the store believes is in use. It holds up all reads and writes
// while it runs.
func (s *Store) Check() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := &Store{dev: s.dev, super: s.super, records: s.records, cacheNodes: s.cacheNodes, nodes: s.nodes}
	var wrong []error
	for _, d := range found.walk() {
		wrong = append(wrong, errors.New(d.String()))
	}
	if wrong != nil {
		return errors.Join(wrong...)
	}

	// What waits for a commit is in no map any more, and counts still.
	for _, at := range s.dead {
		if err := found.occupy(at); err != nil {
			wrong = append(wrong, fmt.Errorf("slot %d was given up, and is in use: %w", at, err))
		}
	}
	for _, e := range s.freed {
		if err := found.name(e); err != nil {
			wrong = append(wrong, fmt.Errorf("extent %d was given up: %w", e, err))
		}
	}
	for e := range extent(s.super.extents) {
		if got, want := s.counts.get(e), found.counts.get(e); got != want {
			wrong = append(wrong, fmt.Errorf("extent %d is counted %d times, and is used %d times", e, got, want))
		}
	}
	if s.counts.free != found.counts.free {
		wrong = append(wrong, fmt.Errorf("%d extents are counted as free, and %d are", s.counts.free, found.counts.free))
	}
	for at, n := range found.parents {
		if s.parents[at] != n {
			wrong = append(wrong, fmt.Errorf("slot %d is counted %d times, and is used %d times", at, s.parents[at], n))
		}
	}
	if len(s.parents) != len(found.parents) {
		wrong = append(wrong, fmt.Errorf("%d map blocks are counted, and %d are used", len(s.parents), len(found.parents)))
	}
	for e, used := range found.slots.used {
		if s.slots.used[e] != used {
			wrong = append(wrong, fmt.Errorf("extent %d: slots %#x are counted as used, and %#x are", e, s.slots.used[e], used))
		}
	}
	return errors.Join(wrong...)
}
