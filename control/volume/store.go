package volume

import (
	"fmt"
	"sync"
	"time"
)

// Store is the volumes on a disk. All methods may be called at the same time.
type Store struct {
	dev        Device
	readOnly   bool
	cacheNodes int

	// management lets one creation, deletion or the like run at a time.
	management sync.Mutex
	rounds     rounds

	// mu guards all that follows, the records and the nodes. It is held while a node is read, and never while anything is written.
	mu      sync.Mutex
	super   superblock // of the last checkpoint
	records [MaxVolumes]*record
	touched [directoryBlocks]bool // directory blocks to be written by the next checkpoint
	counts  counts
	slots   slots
	parents map[slot]uint32 // how many nodes or records name a node
	nodes   map[slot]*node  // the cache
	dirty   int             // nodes in it that are dirty
	reserve uint32          // extents that data doesn't get, so that maps can change on a full disk
	updates []update        // since the last commit
	freed   []extent        // an entry for each reference that these gave up; it counts till the commit
	dead    []slot          // given up since the last checkpoint
	force   bool            // the next commit is a checkpoint
	failed  error
	log     journal
}

// defaultCache is 1 MiB of nodes, which lead to 16 GiB of data.
const defaultCache = 256

// maxDirty is how many nodes may wait for a checkpoint, and maxUpdates how many updates for a commit, before a writer has to help.
const (
	maxDirty   = 64
	maxUpdates = 4 * updatesPerBlock
)

// Create makes a volume that reads as zeros. It takes no room until it is written.
func (s *Store) Create(name string, size int64) error { return s.create(name, size, 0) }

func (s *Store) create(name string, size int64, f flags) error {
	s.management.Lock()
	defer s.management.Unlock()
	s.mu.Lock()
	r := &record{name: name, size: size, flags: f, created: time.Now().Unix()}
	err := s.change(func() error {
		if err := s.add(r); err != nil {
			return err
		}
		r.height = heightFor(size)
		return nil
	})
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.checkpointOr(func() { s.remove(r) })
}

// Delete ends a volume that nobody has open, and frees what no other shares.
func (s *Store) Delete(name string) error {
	s.management.Lock()
	defer s.management.Unlock()
	s.mu.Lock()
	var r *record
	err := s.change(func() (err error) {
		if r, err = s.find(name); err == nil && (r.writers > 0 || r.readers > 0) {
			err = fmt.Errorf("volume %s: %w", name, ErrBusy)
		}
		if err == nil {
			s.remove(r)
		}
		return err
	})
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if err := s.checkpointOr(func() { s.records[r.index] = r; s.touch(r) }); err != nil {
		return err
	}
	s.prune(r.root, r.height-1)
	return nil
}

// Snapshot keeps a volume as it is now, under a name of its own and read-only. All that has been written to the volume is durable then.
func (s *Store) Snapshot(name, snapshot string) error { return s.share(name, snapshot, flagReadOnly) }

// Clone makes a volume that begins as a copy of another. Both share what neither has written since.
func (s *Store) Clone(name, clone string) error { return s.share(name, clone, 0) }

func (s *Store) share(name, copy string, f flags) error {
	s.management.Lock()
	defer s.management.Unlock()
	s.mu.Lock()
	from, err := s.find(name)
	if err == nil && from.flags&flagFilling != 0 {
		err = fmt.Errorf("volume %s is being imported: %w", name, ErrBusy)
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	// No write is half done, and none begins that thinks a block still its own.
	from.io.Lock()
	defer from.io.Unlock()
	s.mu.Lock()
	r := &record{name: copy, size: from.size, root: from.root, height: from.height, mapped: from.mapped, flags: f, created: time.Now().Unix()}
	err = s.change(func() error { return s.add(r) })
	if err == nil && r.root != 0 {
		s.parents[r.root]++
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.checkpointOr(func() {
		s.remove(r)
		if r.root != 0 {
			s.parents[r.root]--
		}
	})
}

// Resize makes a volume larger. What is added reads as zeros.
func (s *Store) Resize(name string, size int64) error {
	s.management.Lock()
	defer s.management.Unlock()
	s.mu.Lock()
	r, err := s.find(name)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	r.io.Lock()
	defer r.io.Unlock()
	s.mu.Lock()
	old := r.size
	err = s.change(func() error { return s.grow(r, size) })
	s.mu.Unlock()
	if err != nil {
		return err
	}
	// A map that is higher than it has to be would be taken for damage, but is none in memory: the next checkpoint is
	// refused as this was, or has the new size too.
	return s.checkpointOr(func() { r.size = old })
}

// grow changes a record. s.mu is held.
func (s *Store) grow(r *record, size int64) error {
	switch err := checkSize(size); {
	case err != nil:
		return fmt.Errorf("volume %s: %w", r.name, err)
	case r.flags&flagReadOnly != 0:
		return fmt.Errorf("volume %s: %w", r.name, ErrReadOnly)
	case size < r.size:
		return fmt.Errorf("volume %s: %d bytes: %w: it has %d, and doesn't shrink", r.name, size, ErrSize, r.size)
	}
	height := heightFor(size)
	if r.root != 0 && !s.slots.ready(int(height-r.height), &s.counts, s.reserve/2) {
		return fmt.Errorf("volume %s: %w", r.name, ErrFull)
	}
	for ; r.height < height; r.height++ {
		if r.root == 0 {
			continue
		}
		n := s.newNode(r.height)
		n.entries[0] = uint32(r.root)
		r.root = n.at
	}
	r.size = size
	s.touch(r)
	return nil
}

// change changes the directory in memory, unless the store can't be changed. s.mu is held.
func (s *Store) change(f func() error) error {
	if s.readOnly {
		return fmt.Errorf("the volume store: %w", ErrReadOnly)
	}
	if s.failed != nil {
		return s.failed
	}
	return f()
}

// checkpointOr makes a change of the directory durable, or undoes it.
func (s *Store) checkpointOr(undo func()) error {
	s.mu.Lock()
	s.force = true
	s.mu.Unlock()
	err := s.rounds.run(s.commit)
	if err != nil {
		s.mu.Lock()
		undo()
		s.mu.Unlock()
	}
	return err
}

// Close makes all durable. Volumes must not be used any more.
func (s *Store) Close() error {
	if s.readOnly {
		return nil
	}
	return s.checkpointOr(func() {})
}
