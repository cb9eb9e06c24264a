package volume

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// A directory block holds 31 records of 128 bytes behind its header; the detail is the block's index.
//
//	 0  name     64 bytes, filled with zeros; empty where there is no volume
//	64  size     bytes
//	72  root     slot of the map's highest node
//	76  height   of the map, in levels
//	80  mapped   blocks that are no holes
//	84  flags    bit 0: read-only, bit 1: being filled
//	88  created  seconds since 1970
const (
	recordSize      = 128
	recordsPerBlock = (nodeSize - headerSize) / recordSize
	// MaxVolumes is how many volumes, snapshots included, a store has at most.
	MaxVolumes = directoryBlocks * recordsPerBlock
	// MaxName is how many bytes a volume's name has at most.
	MaxName = 63
)

type flags uint32

const (
	flagReadOnly flags = 1 << iota // a snapshot
	flagFilling                    // an import that hasn't ended: opening a store deletes it
)

// record is a volume as the directory has it. Its fields are guarded by the store's mu.
type record struct {
	index   int // in the directory
	name    string
	size    int64
	root    slot
	height  uint32
	mapped  uint32
	flags   flags
	created int64

	writers, readers int // volumes open

	// io is shared by reads and writes, and exclusive where the whole map changes hands.
	io sync.RWMutex
	// blocks keeps readers and writers of a block away while it moves; a block has the lock of its number modulo stripes.
	blocks [stripes]sync.RWMutex
}

const stripes = 16

func (r *record) encode(b []byte) {
	copy(b[:MaxName], r.name)
	le.PutUint64(b[64:], uint64(r.size))
	le.PutUint32(b[72:], uint32(r.root))
	le.PutUint32(b[76:], r.height)
	le.PutUint32(b[80:], r.mapped)
	le.PutUint32(b[84:], uint32(r.flags))
	le.PutUint64(b[88:], uint64(r.created))
}

func decodeRecord(b []byte, i int) (*record, error) {
	name, _, _ := bytes.Cut(b[:64], []byte{0})
	if len(name) == 0 {
		return nil, nil
	}
	r := &record{
		index:   i,
		name:    string(name),
		size:    int64(le.Uint64(b[64:])),
		root:    slot(le.Uint32(b[72:])),
		height:  le.Uint32(b[76:]),
		mapped:  le.Uint32(b[80:]),
		flags:   flags(le.Uint32(b[84:])),
		created: int64(le.Uint64(b[88:])),
	}
	if checkName(r.name) != nil || checkSize(r.size) != nil || r.height < heightFor(r.size) || r.height > maxHeight {
		return nil, fmt.Errorf("the record %d of the directory is impossible", i)
	}
	return r, nil
}

// encodeDirectory makes the i-th block of the directory. s.mu is held.
func (s *Store) encodeDirectory(i int, at slot, generation uint64) []byte {
	block := make([]byte, nodeSize)
	for j := range recordsPerBlock {
		if r := s.records[i*recordsPerBlock+j]; r != nil {
			r.encode(block[headerSize+j*recordSize:])
		}
	}
	header{magicDirectory, s.super.store, generation, at, uint32(i)}.seal(block)
	return block
}

// decodeDirectory reads the i-th block of the directory.
func (s *Store) decodeDirectory(block []byte, i int, at slot) ([]*record, error) {
	h, err := unseal(block, magicDirectory, s.super.store, at)
	if err == nil && h.detail != uint32(i) {
		err = errors.New("the directory block has another's place")
	}
	if err != nil {
		return nil, err
	}
	records := make([]*record, recordsPerBlock)
	for j := range records {
		if records[j], err = decodeRecord(block[headerSize+j*recordSize:][:recordSize], i*recordsPerBlock+j); err != nil {
			return nil, err
		}
	}
	return records, nil
}

// touch says that a record changed, so that the next checkpoint writes its block. s.mu is held.
func (s *Store) touch(r *record) { s.touched[r.index/recordsPerBlock] = true }

// find gives a volume's record. s.mu is held.
func (s *Store) find(name string) (*record, error) {
	for _, r := range s.records {
		if r != nil && r.name == name {
			return r, nil
		}
	}
	return nil, fmt.Errorf("volume %s: %w", name, ErrNotFound)
}

// add gives a record a place in the directory. s.mu is held.
func (s *Store) add(r *record) error {
	if err := checkName(r.name); err != nil {
		return err
	}
	if err := checkSize(r.size); err != nil {
		return fmt.Errorf("volume %s: %w", r.name, err)
	}
	if _, err := s.find(r.name); err == nil {
		return fmt.Errorf("volume %s: %w; take another name, or delete that one", r.name, ErrExists)
	}
	for i, other := range s.records {
		if other == nil {
			r.index = i
			s.records[i] = r
			s.touch(r)
			return nil
		}
	}
	return fmt.Errorf("volume %s: there are %d volumes, and no room for more: delete some", r.name, MaxVolumes)
}

// remove takes a record from the directory. s.mu is held.
func (s *Store) remove(r *record) {
	s.records[r.index] = nil
	s.touch(r)
}

// snapshotMark stands in a snapshot's name between the volume's and its own. In front of a name it marks what is the control domain's own.
const snapshotMark = "@"

// checkName fails where a text is no volume's name: NAME, NAME@NAME or @NAME.
func checkName(name string) error {
	first, second, marked := strings.Cut(name, snapshotMark)
	ok := len(name) <= MaxName && (plainName(first) || marked && first == "") && (plainName(second) || !marked)
	if !ok {
		return fmt.Errorf("%q is %w: 1 to %d letters, digits, and '.', '_', '-' behind the first; a snapshot's is VOLUME%sNAME", name, ErrName, MaxName, snapshotMark)
	}
	return nil
}

func plainName(name string) bool {
	for i, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case i > 0 && (c == '.' || c == '_' || c == '-'):
		default:
			return false
		}
	}
	return name != ""
}

// checkSize fails where a number is no volume's size.
func checkSize(size int64) error {
	if size <= 0 || size%Sector != 0 || size > MaxSize {
		return fmt.Errorf("%d bytes: %w: a multiple of %d, up to %d", size, ErrSize, Sector, MaxSize)
	}
	return nil
}
