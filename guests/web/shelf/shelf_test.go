package shelf

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A disk is one in memory. What is not flushed is pieces that a power cut may lose.
type disk struct {
	data    []byte
	stable  []byte // what was flushed
	pending []piece
	writes  int // until the power fails; negative: it doesn't
}

type piece struct {
	data []byte
	off  int64
}

func newDisk(size int) *disk {
	return &disk{data: make([]byte, size), stable: make([]byte, size), writes: -1}
}

var errPower = fmt.Errorf("the power has failed")

func (d *disk) Size() int64 { return int64(len(d.data)) }

func (d *disk) ReadAt(p []byte, off int64) (int, error) { return copy(p, d.data[off:]), nil }

func (d *disk) WriteAt(p []byte, off int64) (int, error) {
	if len(p)%512 != 0 || off%512 != 0 {
		return 0, fmt.Errorf("%d bytes at %d: not whole sectors", len(p), off)
	}
	for len(p) > 0 {
		if d.writes == 0 {
			return 0, errPower
		}
		d.writes--
		d.pending = append(d.pending, piece{bytes.Clone(p[:512]), off})
		copy(d.data[off:], p[:512])
		p, off = p[512:], off+512
	}
	return 0, nil
}

func (d *disk) Flush() error {
	if d.writes == 0 {
		return errPower
	}
	d.pending = nil
	copy(d.stable, d.data)
	return nil
}

// after is a disk as a power cut leaves it: what was flushed, and any of the rest.
func (d *disk) after(random *rand.Rand) *disk {
	left := newDisk(len(d.data))
	copy(left.data, d.stable)
	for _, p := range d.pending {
		if random.IntN(2) == 0 {
			copy(left.data[p.off:], p.data)
		}
	}
	return left
}

func TestShelf(t *testing.T) {
	d := newDisk(1 << 20)
	s, err := Open(d)
	require.NoError(t, err)
	assert.Empty(t, s.Names())
	require.NoError(t, s.Put("a", []byte("one")))
	require.NoError(t, s.Put("b.html", bytes.Repeat([]byte("x"), 10_000)))
	require.NoError(t, s.Put("a", []byte("two")))
	require.NoError(t, s.Put("c", nil))
	require.NoError(t, s.Remove("c"))
	assert.ErrorIs(t, s.Remove("c"), fs.ErrNotExist)
	for range 2 {
		assert.Equal(t, []string{"a", "b.html"}, s.Names())
		content, err := s.Get("a")
		require.NoError(t, err)
		assert.Equal(t, "two", string(content))
		_, err = s.Get("c")
		assert.ErrorIs(t, err, fs.ErrNotExist)
		s, err = Open(d)
		require.NoError(t, err)
	}
}

func TestRefused(t *testing.T) {
	s, err := Open(newDisk(64 << 10))
	require.NoError(t, err)
	for _, name := range []string{"", ".", "..", ".a", "a/b", "a b", "<a>", "ä", strings.Repeat("a", MaxName+1)} {
		assert.ErrorIs(t, s.Put(name, nil), fs.ErrInvalid, "%q", name)
	}
	require.NoError(t, s.Put("a", make([]byte, 20<<10)))
	assert.ErrorIs(t, s.Put("b", make([]byte, 20<<10)), ErrFull)
	assert.Equal(t, []string{"a"}, s.Names(), "what was refused has changed nothing")
	require.NoError(t, s.Remove("a"))
	require.NoError(t, s.Put("b", make([]byte, 20<<10)))
	_, err = Open(newDisk(8 << 10))
	assert.ErrorContains(t, err, "at least 16384 are needed")
}

func TestDamage(t *testing.T) {
	d := newDisk(16 << 10)
	s, err := Open(d)
	require.NoError(t, err)
	require.NoError(t, s.Put("a", []byte("old")))
	require.NoError(t, s.Put("a", []byte("new")))
	for at := 0; at < page+2048; at += 5 { // the second generation is in the first half
		d.data[at] ^= 0x40
		s, err := Open(d)
		require.NoError(t, err)
		content, err := s.Get("a")
		require.NoError(t, err)
		if at < 56 || at >= page {
			assert.Equal(t, "old", string(content), "byte %d", at)
		}
		d.data[at] ^= 0x40
	}
}

// The power fails at each moment of a change: the shelf has what it had before, or what it was to have.
func TestPowerCuts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for moment := range 48 { // a change takes so many writes
		for range 10 {
			d := newDisk(32 << 10)
			s, err := Open(d)
			require.NoError(t, err)
			require.NoError(t, s.Put("a", []byte("old")))
			require.NoError(t, s.Put("b", make([]byte, 6000)))
			d.writes = moment
			done := s.Put("a", []byte("new"))
			s, err = Open(d.after(random))
			require.NoError(t, err)
			content, err := s.Get("a")
			require.NoError(t, err)
			if done == nil {
				require.Equal(t, "new", string(content))
			} else {
				require.Contains(t, []string{"old", "new"}, string(content))
			}
			require.Equal(t, []string{"a", "b"}, s.Names())
		}
	}
}

// A disk may have anything.
func FuzzOpen(f *testing.F) {
	d := newDisk(16 << 10)
	s, err := Open(d)
	require.NoError(f, err)
	require.NoError(f, s.Put("a", []byte("b")))
	f.Add(d.data)
	f.Fuzz(func(t *testing.T, data []byte) {
		d := newDisk(16 << 10)
		copy(d.data, data)
		if s, err := Open(d); err == nil {
			require.NoError(t, s.Put("z", []byte("new")))
			s, err = Open(d)
			require.NoError(t, err)
			content, err := s.Get("z")
			require.NoError(t, err)
			require.Equal(t, "new", string(content))
		}
	})
}
