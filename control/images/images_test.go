package images_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/disks"
	"tuco/control/images"
	"tuco/control/volume"
)

const most = 4 << 20

func newStore(t *testing.T) *images.Store {
	volumes, _, err := disks.Open(disks.NewRAM(16 << 20))
	require.NoError(t, err)
	return &images.Store{Volumes: volumes, Room: func() int64 { return 1 << 40 }}
}

func names(t *testing.T, s *images.Store) (list []string) {
	all, err := s.Volumes.List()
	require.NoError(t, err)
	for _, v := range all {
		list = append(list, v.Name)
	}
	return list
}

func read(s *images.Store, name string) ([]byte, error) {
	f, err := s.Open(name)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(f)
	return content, errors.Join(err, f.Close())
}

func pattern(n int) []byte {
	p := make([]byte, n)
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return p
}

func TestAdd(t *testing.T) {
	s := newStore(t)
	for _, n := range []int{0, 1, 511, 512, 513, 64 << 10, 64<<10 + 1, 200_000} {
		want := pattern(n)
		name, _, err := s.Add(iotest.HalfReader(bytes.NewReader(want)), most)
		require.NoError(t, err)
		assert.True(t, images.Is(name))
		got, err := read(s, name)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(want, got), "%d bytes", n)
		again, length, err := s.Add(bytes.NewReader(want), most)
		require.NoError(t, err)
		assert.Equal(t, name, again, "the same content")
		assert.EqualValues(t, n, length)
	}
	assert.Len(t, names(t, s), 8)
}

// What does not come whole leaves nothing.
func TestRefused(t *testing.T) {
	s := newStore(t)
	broken := errors.New("the line is cut")
	for _, c := range []struct {
		from io.Reader
		why  error
	}{
		{io.MultiReader(bytes.NewReader(pattern(100_000)), iotest.ErrReader(broken)), broken},
		{io.MultiReader(bytes.NewReader(pattern(100_000)), iotest.ErrReader(io.ErrUnexpectedEOF)), io.ErrUnexpectedEOF},
		{bytes.NewReader(pattern(most + 1)), images.ErrTooLarge},
		{io.LimitReader(rand.NewChaCha8([32]byte{}), 1<<40), images.ErrTooLarge},
	} {
		_, _, err := s.Add(c.from, most)
		assert.ErrorIs(t, err, c.why)
		assert.Empty(t, names(t, s))
	}
	_, _, err := s.Add(rand.NewChaCha8([32]byte{}), 1<<30)
	assert.ErrorIs(t, err, volume.ErrFull)
	assert.Empty(t, names(t, s))

	_, err = read(s, "@none")
	assert.ErrorIs(t, err, volume.ErrNotFound)
}

func TestDamaged(t *testing.T) {
	s := newStore(t)
	name, _, err := s.Add(bytes.NewReader(pattern(5000)), most)
	require.NoError(t, err)
	damage := func(p []byte, off int64) {
		v, err := s.Volumes.OpenVolume(name, false)
		require.NoError(t, err)
		_, err = v.WriteAt(p, off)
		require.NoError(t, err)
		require.NoError(t, v.Close())
		_, err = read(s, name)
		assert.ErrorContains(t, err, "is damaged; destroy the guest and create it again")
	}
	damage(make([]byte, 512), 1024)
	for _, header := range []string{"", "tuco image -1 00\n", "tuco image 99999999 00\n"} {
		damage(append([]byte(header), make([]byte, 512-len(header))...), 0)
	}
}

func TestSweep(t *testing.T) {
	s := newStore(t)
	for _, name := range []string{"users", "@record", "@new-left"} {
		require.NoError(t, s.Volumes.Create(name, 1<<20))
	}
	used := map[string]bool{}
	sweep := func() {
		require.NoError(t, s.Sweep(func() map[string]bool { return map[string]bool{"files/kernel": true} }))
	}
	a, _, err := s.Add(strings.NewReader("a"), most)
	require.NoError(t, err)
	b, _, err := s.Add(strings.NewReader("b"), most)
	require.NoError(t, err)
	used[a] = true
	require.NoError(t, s.Sweep(func() map[string]bool { return used }))
	assert.ElementsMatch(t, []string{a, b, "users", "@record"}, names(t, s), "both are held")
	s.Release(a)
	s.Release(b)
	require.NoError(t, s.Sweep(func() map[string]bool { return used }))
	assert.ElementsMatch(t, []string{a, "users", "@record"}, names(t, s), "nobody names the other one")
	sweep()
	assert.ElementsMatch(t, []string{"users", "@record"}, names(t, s))
}

// Guests come and go at the same time, with the same kernel: who holds one can read it.
func TestTogether(t *testing.T) {
	s := newStore(t)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			want := pattern(1000 + i%2)
			for range 25 {
				name, _, err := s.Add(bytes.NewReader(want), most)
				if !assert.NoError(t, err) {
					return
				}
				got, err := read(s, name)
				assert.NoError(t, err)
				assert.Equal(t, want, got)
				s.Release(name)
				assert.NoError(t, s.Sweep(func() map[string]bool { return nil }))
			}
		})
	}
	wg.Wait()
	require.NoError(t, s.Sweep(func() map[string]bool { return nil }))
	assert.Empty(t, names(t, s))
}
