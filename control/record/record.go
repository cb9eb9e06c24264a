// Package record keeps a document on a volume of the control domain's own: what guests there are, say. It survives the power cut, and so the host's next start finds it.
//
// The volume has two places for the document. A new one is written over the older of the two, and made durable before Save returns; each has a number, its length and a checksum.
// So whatever moment the power fails at, one place has a whole document: the new one, or the one before.
package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"tuco/control/volume"
)

// Volumes is a volume.Store.
type Volumes interface {
	Create(name string, size int64) error
	OpenVolume(name string, readOnly bool) (*volume.Volume, error)
}

// Disk is what a document lies on.
type Disk interface {
	io.ReaderAt
	io.WriterAt
	Flush() error
}

// Max is how long a document may be, in bytes.
const Max = 4<<20 - headSize

const (
	places    = 2
	placeSize = headSize + Max
	headSize  = volume.Sector
)

// ErrDamaged says that there was a document, and none is whole: the disk has lost it, or something else has written there.
var ErrDamaged = errors.New("the record is damaged")

// head is what stands before a document.
type head struct {
	Magic  [8]byte
	Number uint64 // of the document: each is one higher than the one before
	Length uint64
	Sum    [sha256.Size]byte // of the head, with zeros here, and the document
}

var magic = [8]byte{'t', 'u', 'c', 'o', 'r', 'e', 'c', '1'}

// Record implements domains.Store.
type Record struct {
	disk Disk

	mu   sync.Mutex
	last uint64 // the number of the newest document; it lies at place last%places
}

// Open opens the record on a volume, which is made if it isn't there. Nobody else can write it as long as it is open. What documents of usual length need of the disk is taken
// at once: when the disk is full, guests go on record, and off it, as before.
func Open(volumes Volumes, name string) (*Record, error) {
	v, err := volumes.OpenVolume(name, false)
	if errors.Is(err, volume.ErrNotFound) {
		if err = volumes.Create(name, places*placeSize); err == nil {
			v, err = volumes.OpenVolume(name, false)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the record of guests: %w", err)
	}
	r := On(v)
	if err := r.reserve(); err != nil && !errors.Is(err, volume.ErrFull) { // full already: Save says so if it matters
		return nil, errors.Join(fmt.Errorf("the record of guests: %w", err), v.Close())
	}
	return r, nil
}

// reserve has the disk take room for the beginning of both places, an extent each, where nothing was written yet. Zeros would take none, so something stands at the extent's end
// until a document comes so far.
func (r *Record) reserve() error {
	for place := range int64(places) {
		sector := make([]byte, headSize)
		if _, err := r.disk.ReadAt(sector, place*placeSize); err != nil {
			return err
		}
		if bytes.Count(sector, []byte{0}) < len(sector) {
			continue
		}
		copy(sector, "reserved")
		if _, err := r.disk.WriteAt(sector, place*placeSize+volume.ExtentSize-headSize); err != nil {
			return err
		}
	}
	return r.disk.Flush()
}

// On is the record on a disk that has room for two documents.
func On(disk Disk) *Record { return &Record{disk: disk} }

// Load is domains.Store's: the newest document, or nil if there was never any. It comes before the first Save.
func (r *Record) Load() ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var document []byte
	written := 0
	for place := range int64(places) {
		h, text, blank, err := r.read(place)
		if err != nil {
			return nil, err
		}
		if !blank {
			written++
		}
		if text != nil && h.Number > r.last {
			r.last, document = h.Number, text
		}
	}
	if document == nil && written == places { // one alone is the first document ever, which did not come whole
		return nil, fmt.Errorf("%w: neither of its places has a whole document", ErrDamaged)
	}
	return document, nil
}

// read reads a place: the document is nil if there is no whole one. Blank tells that nothing was ever written there.
func (r *Record) read(place int64) (h head, document []byte, blank bool, err error) {
	sector := make([]byte, headSize)
	if _, err := r.disk.ReadAt(sector, place*placeSize); err != nil {
		return h, nil, false, err
	}
	if bytes.Count(sector, []byte{0}) == len(sector) {
		return h, nil, true, nil
	}
	if _, err := binary.Decode(sector, binary.LittleEndian, &h); err != nil {
		return h, nil, false, err
	}
	if h.Magic != magic || h.Length > Max || int64(h.Number%places) != place {
		return h, nil, false, nil
	}
	text := make([]byte, ceil(int(h.Length)))
	if _, err := r.disk.ReadAt(text, place*placeSize+headSize); err != nil {
		return h, nil, false, err
	}
	text = text[:h.Length]
	if h.Sum != h.sum(text) {
		return h, nil, false, nil
	}
	return h, text, false, nil
}

// Save is domains.Store's. When it fails, the document before is there, or this one: the next one that is saved replaces both in their turn.
func (r *Record) Save(document []byte) error {
	if len(document) > Max {
		return fmt.Errorf("it would have %d bytes, and there is room for %d: destroy guests", len(document), Max)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	h := head{Magic: magic, Number: r.last + 1, Length: uint64(len(document))}
	h.Sum = h.sum(document)
	p := make([]byte, headSize+ceil(len(document)))
	if _, err := binary.Encode(p, binary.LittleEndian, &h); err != nil {
		return err
	}
	copy(p[headSize:], document)
	if _, err := r.disk.WriteAt(p, int64(h.Number%places)*placeSize); err != nil {
		return err
	}
	if err := r.disk.Flush(); err != nil {
		return err
	}
	r.last = h.Number
	return nil
}

// sum is the checksum of a head with its document.
func (h head) sum(document []byte) (sum [sha256.Size]byte) {
	h.Sum = sum
	s := sha256.New()
	_ = binary.Write(s, binary.LittleEndian, &h) // neither fails
	s.Write(document)
	return [sha256.Size]byte(s.Sum(nil))
}

// ceil is a length in whole sectors.
func ceil(n int) int { return (n + volume.Sector - 1) / volume.Sector * volume.Sector }
