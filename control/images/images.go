// Package images keeps kernels and ramdisks that came from elsewhere, on volumes, for as long as a guest names them.
//
// An image is known by "@" and the sum of its content, so that guests of one kernel share one, and its name can be that of no user's volume. It is whole or not
// there: see volume.Store.Import. Images that no guest names go by [Store.Sweep], also those that were there when the host ended.
package images

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"strings"
	"sync"

	"tuco/control/volume"
)

// Prefix begins the name of each volume that is the control domain's own.
const Prefix = "@"

// arriving begins the name of an image whose sum is not known yet.
const arriving = Prefix + "new-"

// ErrTooLarge is wrapped by what refuses an image for its size.
var ErrTooLarge = errors.New("too large")

// Store keeps images. All methods may be called at the same time.
type Store struct {
	Volumes *volume.Store
	// Room is how many bytes of images can come.
	Room func() int64

	mu    sync.Mutex
	held  map[string]int
	swept map[string]bool // what guests named at the last sweep; nil: there is something to sweep
}

// Add keeps what a reader gives, up to a number of bytes, and holds it: Release is to be called when a guest names it, or none will.
func (s *Store) Add(from io.Reader, most int64) (name string, bytes int64, err error) {
	begun := arriving + rand.Text()
	s.set(func() { s.hold(begun, 1) })
	defer s.Release(begun)
	sum := sha256.New()
	// A volume takes room where it is written. The size that an image has is known at its end, so it stands in the first sector.
	err = s.Volumes.Import(begun, volume.Sector+ceil(most), func(to io.WriterAt) (err error) {
		if bytes, err = take(to, io.TeeReader(from, sum), most); err != nil {
			return err
		}
		_, err = to.WriteAt(header(bytes, sum), 0)
		return err
	})
	if err != nil {
		return "", 0, err
	}
	name = Prefix + hex.EncodeToString(sum.Sum(nil)[:16])
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.Volumes.Clone(begun, name)
	if errors.Is(err, volume.ErrExists) {
		err = nil // the same content
	}
	if err == nil {
		s.hold(name, 1)
	}
	return name, bytes, errors.Join(err, s.Volumes.Delete(begun))
}

// atOnce is how many bytes are read or written at once.
const atOnce = 64 << 10

// take writes a reader's bytes behind the first sector.
func take(to io.WriterAt, from io.Reader, most int64) (bytes int64, err error) {
	block := make([]byte, atOnce)
	for {
		n, err := fill(block, from)
		if bytes+int64(n) > most {
			return 0, fmt.Errorf("%w: it has more than %d bytes", ErrTooLarge, most)
		}
		if n > 0 {
			whole := ceil(int64(n))
			clear(block[n:whole])
			if _, err := to.WriteAt(block[:whole], volume.Sector+bytes); err != nil {
				return 0, err
			}
		}
		bytes += int64(n)
		switch {
		case err == io.EOF:
			return bytes, nil
		case err != nil:
			return 0, err
		}
	}
}

// fill fills a block, as far as there is something. Unlike io.ReadFull it tells the end from the middle, where io.ErrUnexpectedEOF is the reader's own.
func fill(block []byte, from io.Reader) (n int, err error) {
	for n < len(block) && err == nil {
		var more int
		more, err = from.Read(block[n:])
		n += more
	}
	return n, err
}

func ceil(bytes int64) int64 { return (bytes + volume.Sector - 1) / volume.Sector * volume.Sector }

// The first sector of an image's volume: a line of text, and zeros.
const headerFormat = "tuco image %d %s\n"

func header(bytes int64, sum hash.Hash) []byte {
	sector := make([]byte, volume.Sector)
	copy(sector, fmt.Sprintf(headerFormat, bytes, hex.EncodeToString(sum.Sum(nil))))
	return sector
}

// hold counts those who need an image before a guest names it. s.mu is held.
func (s *Store) hold(name string, by int) {
	s.swept = nil
	if s.held == nil {
		s.held = map[string]int{}
	}
	if s.held[name] += by; s.held[name] == 0 {
		delete(s.held, name)
	}
}

// Release takes Add's hold back.
func (s *Store) Release(name string) {
	s.set(func() { s.hold(name, -1) })
}

func (s *Store) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// File is an image that is there until it is closed.
type File struct {
	*io.SectionReader
	io.Closer
}

// Open opens an image. That it is whole is known then.
func (s *Store) Open(name string) (*File, error) {
	v, err := s.Volumes.OpenVolume(name, true)
	if err != nil {
		return nil, err
	}
	f, err := s.check(name, v)
	if err != nil {
		return nil, errors.Join(err, v.Close())
	}
	return f, nil
}

// check compares an image with its sum.
func (s *Store) check(name string, v *volume.Volume) (*File, error) {
	sector := make([]byte, volume.Sector)
	if _, err := v.ReadAt(sector, 0); err != nil {
		return nil, err
	}
	var bytes int64
	var sum string
	if _, err := fmt.Sscanf(string(sector), headerFormat, &bytes, &sum); err != nil || bytes < 0 || bytes > v.Size()-volume.Sector {
		return nil, fmt.Errorf("the image %s is damaged; destroy the guest and create it again", name)
	}
	f := io.NewSectionReader(volume.Bytes{Volume: v}, volume.Sector, bytes)
	got := sha256.New()
	if _, err := io.CopyBuffer(got, struct{ io.Reader }{f}, make([]byte, atOnce)); err != nil {
		return nil, err
	}
	if hex.EncodeToString(got.Sum(nil)) != sum {
		return nil, fmt.Errorf("the image %s is damaged; destroy the guest and create it again", name)
	}
	return &File{io.NewSectionReader(volume.Bytes{Volume: v}, volume.Sector, bytes), v}, nil
}

// Is tells whether a name in a guest's description is an image's.
func Is(name string) bool { return strings.HasPrefix(name, Prefix) }

// Sweep deletes the images that no guest names. It asks which those are that guests do name, and looks at volumes only when that has changed.
func (s *Store) Sweep(named func() map[string]bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	used := named()
	if s.swept != nil && maps.Equal(used, s.swept) {
		return nil
	}
	list, err := s.Volumes.List()
	if err != nil {
		return err
	}
	for _, v := range list {
		if isImage(v.Name) && !used[v.Name] && s.held[v.Name] == 0 && !v.Open {
			err = errors.Join(err, s.Volumes.Delete(v.Name))
		}
	}
	if err == nil {
		s.swept = used
	}
	return err
}

// isImage tells whether a volume is an image, or what is left of one that did not come whole: there may be others that are the control domain's own.
func isImage(name string) bool {
	sum, own := strings.CutPrefix(name, Prefix)
	_, err := hex.DecodeString(sum)
	return own && err == nil && len(sum) == 2*16 || strings.HasPrefix(name, arriving)
}
