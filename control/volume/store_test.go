package volume

import (
	"bytes"
	"errors"
	"io"
	"math/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// newStore makes a store on a fresh disk.
func newStore(t testing.TB, size int64) (*Store, *disk) {
	t.Helper()
	d := newDisk(size)
	require.NoError(t, Format(d, false))
	return reopen(t, d), d
}

func reopen(t testing.TB, d *disk) *Store {
	t.Helper()
	s, report, err := Open(d, Options{})
	require.NoError(t, err)
	require.Empty(t, report)
	return s
}

// newVolume makes a volume and opens it.
func newVolume(t testing.TB, s *Store, name string, size int64) *Volume {
	t.Helper()
	require.NoError(t, s.Create(name, size))
	return openVolume(t, s, name)
}

func openVolume(t testing.TB, s *Store, name string) *Volume {
	t.Helper()
	v, err := s.OpenVolume(name, false)
	require.NoError(t, err)
	return v
}

// noise is n bytes that nothing else holds.
func noise(seed int64, n int) []byte {
	p := make([]byte, n)
	rand.New(rand.NewSource(seed)).Read(p)
	return p
}

func read(t testing.TB, v *Volume, off int64, n int) []byte {
	t.Helper()
	p := make([]byte, n)
	_, err := v.ReadAt(p, off)
	require.NoError(t, err)
	return p
}

func write(t testing.TB, v *Volume, p []byte, off int64) {
	t.Helper()
	n, err := v.WriteAt(p, off)
	require.NoError(t, err)
	require.Equal(t, len(p), n)
}

func TestFormat(t *testing.T) {
	require.ErrorContains(t, Format(newDisk(1<<20), false), "needs a disk of 2097152 bytes")
	_, _, err := Open(newDisk(4<<20), Options{})
	require.ErrorIs(t, err, ErrNoStore)
	_, _, err = Open(newDisk(4096), Options{})
	require.ErrorIs(t, err, ErrNoStore)

	s, d := newStore(t, 4<<20)
	newVolume(t, s, "a", 1<<20)
	require.ErrorIs(t, Format(d, false), ErrExists)
	require.NoError(t, Format(d, true))
	s = reopen(t, d)
	list, err := s.List()
	require.NoError(t, err)
	require.Empty(t, list)
}

func TestRefusedCalls(t *testing.T) {
	s, _ := newStore(t, 8<<20)
	for _, name := range []string{"", ".a", "-a", "a/b", "a b", "ä", "a\x00", strings.Repeat("a", MaxName+1), "@", "a@", "a@b@c", "a@.b", "@@a"} {
		require.ErrorIs(t, s.Create(name, 1<<20), ErrName, "%q", name)
	}
	for _, size := range []int64{0, -512, 513, MaxSize + Sector} {
		require.ErrorIs(t, s.Create("a", size), ErrSize, "%d", size)
	}
	for _, name := range []string{"own@monday", "@own"} { // a snapshot's, and what is the control domain's
		require.NoError(t, s.Create(name, 1<<20))
	}
	require.NoError(t, s.Create("A-longest_name.0"+strings.Repeat("x", MaxName-16), MaxSize))
	v := newVolume(t, s, "a", 1<<20)
	require.ErrorIs(t, s.Create("a", 1<<20), ErrExists)
	require.ErrorIs(t, s.Clone("a", "a"), ErrExists)
	require.ErrorIs(t, s.Clone("b", "c"), ErrNotFound)
	require.ErrorIs(t, s.Snapshot("a", "b c"), ErrName)
	require.ErrorIs(t, s.Delete("a"), ErrBusy)
	require.ErrorIs(t, s.Delete("b"), ErrNotFound)
	require.ErrorIs(t, s.Resize("b", 1<<20), ErrNotFound)
	require.ErrorIs(t, s.Resize("a", 512), ErrSize)
	require.ErrorIs(t, s.Resize("a", 2<<20+1), ErrSize)
	_, err := s.OpenVolume("a", false)
	require.ErrorIs(t, err, ErrBusy)
	_, err = s.OpenVolume("a", true)
	require.ErrorIs(t, err, ErrBusy)
	_, err = s.OpenVolume("b", true)
	require.ErrorIs(t, err, ErrNotFound)

	for _, c := range []struct{ off, n int64 }{{-512, 512}, {0, 1}, {1, 512}, {1 << 20, 512}, {1<<20 - 512, 1024}, {1<<63 - 512, 512}, {0, -512}} {
		require.ErrorIs(t, v.Discard(c.off, c.n), ErrRange, "%v", c)
		if c.n > 0 {
			_, err = v.ReadAt(make([]byte, c.n), c.off)
			require.ErrorIs(t, err, ErrRange)
			_, err = v.WriteAt(make([]byte, c.n), c.off)
			require.ErrorIs(t, err, ErrRange)
		}
	}

	require.NoError(t, s.Snapshot("a", "then"))
	_, err = s.OpenVolume("then", false)
	require.ErrorIs(t, err, ErrReadOnly)
	require.ErrorIs(t, s.Resize("then", 2<<20), ErrReadOnly)
	one, err := s.OpenVolume("then", true)
	require.NoError(t, err)
	other, err := s.OpenVolume("then", true)
	require.NoError(t, err)
	require.ErrorIs(t, s.Delete("then"), ErrBusy)
	_, err = one.WriteAt(make([]byte, 512), 0)
	require.ErrorIs(t, err, ErrReadOnly)
	require.ErrorIs(t, one.Discard(0, 512), ErrReadOnly)
	require.NoError(t, one.Flush())
	require.NoError(t, one.Close())
	require.ErrorIs(t, one.Close(), ErrClosed)
	_, err = one.ReadAt(make([]byte, 512), 0)
	require.ErrorIs(t, err, ErrClosed)
	require.NoError(t, other.Close())
	require.NoError(t, s.Delete("then"))
	require.NoError(t, s.Check())
}

// TestShare has volumes that share blocks, and what List says of them.
func TestShare(t *testing.T) {
	s, d := newStore(t, 32<<20)
	v := newVolume(t, s, "a", 100<<20)
	old := noise(1, 4*ExtentSize)
	write(t, v, old, 0)
	far := noise(2, 4096)
	write(t, v, far, 90<<20)
	require.NoError(t, s.Snapshot("a", "then"))
	require.NoError(t, s.Clone("then", "b"))
	b := openVolume(t, s, "b")
	change := noise(3, 4096)
	write(t, b, change, ExtentSize+4096)
	require.Equal(t, old[:ExtentSize], read(t, b, 0, ExtentSize))
	require.Equal(t, change, read(t, b, ExtentSize+4096, 4096))
	require.Equal(t, old[ExtentSize+8192:2*ExtentSize], read(t, b, ExtentSize+8192, ExtentSize-8192))
	require.Equal(t, old, read(t, v, 0, len(old)))
	require.Equal(t, far, read(t, b, 90<<20, 4096))

	list, err := s.List()
	require.NoError(t, err)
	require.Len(t, list, 3)
	require.Equal(t, []any{"a", int64(100 << 20), int64(5 * ExtentSize), int64(5 * ExtentSize), false, true},
		[]any{list[0].Name, list[0].Size, list[0].Allocated, list[0].Shared, list[0].ReadOnly, list[0].Open})
	require.Equal(t, []any{"b", int64(5 * ExtentSize), int64(4 * ExtentSize)}, []any{list[1].Name, list[1].Allocated, list[1].Shared})
	require.Equal(t, []any{"then", true, false}, []any{list[2].Name, list[2].ReadOnly, list[2].Open})

	// What is deleted is free again, but for what others use.
	require.NoError(t, b.Flush())
	before := s.Space().Free
	require.NoError(t, v.Close())
	require.NoError(t, s.Delete("a"))
	require.NoError(t, s.Delete("then"))
	require.NoError(t, s.Check())
	require.NoError(t, s.Close())
	require.NoError(t, s.Check())
	require.GreaterOrEqual(t, s.Space().Free, before+ExtentSize)
	s = reopen(t, d)
	b = openVolume(t, s, "b")
	require.Equal(t, far, read(t, b, 90<<20, 4096))
	require.Equal(t, change, read(t, b, ExtentSize+4096, 4096))
	list, err = s.List()
	require.NoError(t, err)
	require.Equal(t, int64(0), list[0].Shared)
}

// TestDiscard gives back blocks that lie in the range as a whole, and zeros the rest of it.
func TestDiscard(t *testing.T) {
	s, _ := newStore(t, 8<<20)
	const size = 10*ExtentSize + 512
	v := newVolume(t, s, "a", size)
	content := noise(1, size)
	write(t, v, content, 0)
	require.NoError(t, v.Discard(ExtentSize/2, 2*ExtentSize))
	require.NoError(t, v.Discard(9*ExtentSize, ExtentSize+512))
	clear(content[ExtentSize/2:][:2*ExtentSize])
	clear(content[9*ExtentSize:])
	require.True(t, bytes.Equal(content, read(t, v, 0, size)))
	list, err := s.List()
	require.NoError(t, err)
	require.EqualValues(t, 8*ExtentSize, list[0].Allocated)

	start, end, err := v.Data(ExtentSize)
	require.NoError(t, err)
	require.EqualValues(t, 2*ExtentSize, start)
	require.EqualValues(t, 3*ExtentSize, end)
	start, end, err = v.Data(9 * ExtentSize)
	require.NoError(t, err)
	require.EqualValues(t, size, start)
	require.EqualValues(t, size, end)
}

// TestVast looks for data, and discards, in volumes that are all but empty: the time is that of what is there.
func TestVast(t *testing.T) {
	s, _ := newStore(t, 8<<20)
	v := newVolume(t, s, "vast", MaxSize)
	far := int64(40<<40 + 5*ExtentSize)
	write(t, v, noise(1, 512), far)
	start, _, err := v.Data(0)
	require.NoError(t, err)
	require.Equal(t, far, start)
	require.NoError(t, v.Discard(0, MaxSize))
	start, _, err = v.Data(0)
	require.NoError(t, err)
	require.Equal(t, MaxSize, start)
}

// TestResize grows a volume past what its map has levels for.
func TestResize(t *testing.T) {
	s, d := newStore(t, 8<<20)
	v := newVolume(t, s, "a", 512)
	first := noise(1, 512)
	write(t, v, first, 0)
	for _, size := range []int64{ExtentSize, span(0) * ExtentSize, span(0)*ExtentSize + 512, 100 << 30} {
		require.NoError(t, s.Resize("a", size))
		require.Equal(t, size, v.Size())
		require.Equal(t, make([]byte, 512), read(t, v, size-512, 512))
		require.Equal(t, first, read(t, v, 0, 512))
	}
	last := noise(2, 512)
	write(t, v, last, 100<<30-512)
	require.NoError(t, v.Flush())
	s = reopen(t, d)
	v = openVolume(t, s, "a")
	require.Equal(t, first, read(t, v, 0, 512))
	require.Equal(t, last, read(t, v, 100<<30-512, 512))
}

// TestFull fills the disk: the error says so, other volumes live, and what is given back can be used, by deleting and
// discarding, which work on a full disk.
func TestFull(t *testing.T) {
	s, d := newStore(t, 8<<20)
	keep := newVolume(t, s, "keep", 1<<20)
	content := noise(1, 1<<20)
	write(t, keep, content, 0)
	require.NoError(t, keep.Flush())
	greedy := newVolume(t, s, "greedy", 1<<30)
	var off int64
	var err error
	for err == nil {
		if _, err = greedy.WriteAt(noise(2, ExtentSize), off); err == nil {
			off += ExtentSize
		}
	}
	require.ErrorIs(t, err, ErrFull)
	require.ErrorContains(t, err, "volume greedy")
	require.ErrorContains(t, err, "delete volumes or snapshots")
	require.Greater(t, off, int64(4<<20))
	require.NoError(t, greedy.Flush())
	write(t, keep, content, 0)
	require.NoError(t, s.Check())

	require.NoError(t, greedy.Discard(0, ExtentSize))
	write(t, greedy, noise(3, ExtentSize), off)
	_, err = greedy.WriteAt(noise(3, ExtentSize), off+ExtentSize)
	require.ErrorIs(t, err, ErrFull)

	// A shared block can't be written, as there is nowhere to copy it to.
	require.NoError(t, s.Snapshot("keep", "then"))
	_, err = keep.WriteAt(content[:512], 0)
	require.ErrorIs(t, err, ErrFull)

	require.NoError(t, greedy.Close())
	require.NoError(t, s.Delete("greedy"))
	write(t, keep, content[:512], 512)
	require.NoError(t, s.Close())
	s = reopen(t, d)
	require.NoError(t, s.Check())
	require.Equal(t, content[:512], read(t, openVolume(t, s, "keep"), 512, 512))
}

// TestManyVolumes fills the directory.
func TestManyVolumes(t *testing.T) {
	s, _ := newStore(t, 16<<20)
	for i := range MaxVolumes {
		s.mu.Lock()
		err := s.add(&record{name: "v" + string(rune('a'+i%26)) + strings.Repeat("x", i/26%32) + strings.Repeat("y", i/26/32), size: 512, height: 1})
		s.mu.Unlock()
		require.NoError(t, err)
	}
	require.ErrorContains(t, s.Create("more", 512), "no room for more")
	require.NoError(t, s.Close())
	require.NoError(t, s.Check())
}

// TestImport imports and exports raw images, and leaves nothing of an import that fails.
func TestImport(t *testing.T) {
	s, d := newStore(t, 8<<20)
	content := noise(1, 300_000)
	clear(content[ExtentSize : 2*ExtentSize])
	require.NoError(t, s.Import("a", 300_000, Raw(bytes.NewReader(content), 300_000)))
	list, err := s.List()
	require.NoError(t, err)
	require.EqualValues(t, 300_032, list[0].Size)
	require.EqualValues(t, 4*ExtentSize, list[0].Allocated, "a block of zeros stays a hole")
	v, err := s.OpenVolume("a", true)
	require.NoError(t, err)
	var out bytes.Buffer
	n, err := v.WriteTo(&out)
	require.NoError(t, err)
	require.EqualValues(t, 300_032, n)
	require.True(t, bytes.Equal(append(content, make([]byte, 32)...), out.Bytes()))

	err = s.Import("b", 300_000, Raw(bytes.NewReader(content[:299_999]), 300_000))
	require.ErrorContains(t, err, "ends after 299999 of 300000 bytes")
	require.ErrorContains(t, err, "volume b")
	err = s.Import("c", 100<<20, Raw(rand.New(rand.NewSource(1)), 100<<20))
	require.ErrorIs(t, err, ErrFull)
	require.NoError(t, s.Check())
	list, err = s.List()
	require.NoError(t, err)
	require.Len(t, list, 1)

	// While it is filled it is nobody's; after a power cut it is gone.
	err = s.Import("d", 1<<20, func(w io.WriterAt) error {
		_, err := s.OpenVolume("d", true)
		require.ErrorIs(t, err, ErrBusy)
		require.ErrorIs(t, s.Clone("d", "e"), ErrBusy)
		require.ErrorIs(t, s.Delete("d"), ErrBusy)
		if _, err := w.WriteAt(content[:ExtentSize], 0); err != nil {
			return err
		}
		require.NoError(t, s.Create("f", 512)) // a checkpoint
		d.left = 1
		return d.Flush()
	})
	require.ErrorIs(t, err, errPower)
	after := d.cut(rand.New(rand.NewSource(1)))
	s, report, err := Open(after, Options{})
	require.NoError(t, err)
	require.Equal(t, []string{"volume d: its import had not ended: deleted; import it again"}, report)
	require.NoError(t, s.Check())
	list, err = s.List()
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, "f", list[1].Name)
}

// TestWriteErrors has each write of the disk fail once, one run after the other: the call says so, what was flushed stays, and the
// store goes on.
func TestWriteErrors(t *testing.T) {
	broken := errors.New("broken sector")
	for fails := 0; ; fails++ {
		s, d := newStore(t, 4<<20)
		v := newVolume(t, s, "a", 1<<20)
		content := noise(1, 1<<20)
		write(t, v, content, 0)
		require.NoError(t, v.Flush())
		require.NoError(t, s.Snapshot("a", "then"))
		other := newVolume(t, s, "other", 1<<20)
		write(t, other, content[:512], 0)
		require.NoError(t, s.Create("before", 512))
		write(t, other, content[:512], ExtentSize) // gives up a node that the checkpoint has

		n := 0
		d.fault = func(write bool, off int64) error {
			if write && off >= 0 {
				if n++; n-1 == fails {
					return broken
				}
			}
			return nil
		}
		var errs []error
		change := noise(2, 100_352)
		_, err := v.WriteAt(change, 8192)
		errs = append(errs, err, v.Flush(), s.Create("b", 512), s.Clone("a", "c"), s.Resize("a", 2<<20), s.Delete("then"))
		d.fault = nil
		failed := errors.Join(errs...)
		if failed == nil {
			require.Greater(t, fails, 10)
			break
		}
		require.ErrorIs(t, failed, broken)
		if errors.Is(failed, ErrFailed) {
			// It was a superblock, and nobody knows whether it is there.
			_, err := v.WriteAt(change, 0)
			require.ErrorIs(t, err, ErrFailed)
			require.ErrorIs(t, v.Flush(), ErrFailed)
			require.ErrorIs(t, s.Create("d", 512), ErrFailed)
		} else {
			write(t, v, change, 8192)
			require.NoError(t, v.Flush())
			require.NoError(t, s.Check())
		}
		copy(content[8192:], change)
		require.True(t, bytes.Equal(content, read(t, v, 0, len(content))) || err != nil)

		after := d.cut(rand.New(rand.NewSource(int64(fails))))
		s = reopen(t, after)
		require.NoError(t, s.Check())
		v = openVolume(t, s, "a")
		require.True(t, bytes.Equal(content, read(t, v, 0, len(content))), "failure %d", fails)
	}
}

// TestLogError has a write of the log fail: the next flush makes durable what this one should have.
func TestLogError(t *testing.T) {
	s, d := newStore(t, 4<<20)
	v := newVolume(t, s, "a", 1<<20)
	content := noise(1, 4096)
	write(t, v, content, 0)
	d.fault = func(write bool, off int64) error {
		if write && off >= 0 {
			return io.ErrShortWrite
		}
		return nil
	}
	require.ErrorIs(t, v.Flush(), io.ErrShortWrite)
	d.fault = nil
	require.NoError(t, v.Flush())
	require.Equal(t, 1, s.log.next)
	s = reopen(t, d.cut(rand.New(rand.NewSource(1))))
	require.Equal(t, content, read(t, openVolume(t, s, "a"), 0, 4096))
}

// TestCheckpointError has a checkpoint's first write fail: the next has all that this one should have had.
func TestCheckpointError(t *testing.T) {
	s, d := newStore(t, 4<<20)
	v := newVolume(t, s, "a", 1<<20)
	content := noise(1, 4096)
	write(t, v, content, 0)
	d.fault = func(write bool, off int64) error {
		if write {
			return io.ErrShortWrite
		}
		return nil
	}
	require.ErrorIs(t, s.Close(), io.ErrShortWrite)
	d.fault = nil
	require.NoError(t, v.Flush())
	require.NoError(t, s.Check())
	s = reopen(t, d.cut(rand.New(rand.NewSource(1))))
	require.NoError(t, s.Check())
	require.Equal(t, content, read(t, openVolume(t, s, "a"), 0, 4096))
}

// TestFlushError stops all writes: what the disk lost nobody knows.
func TestFlushError(t *testing.T) {
	s, d := newStore(t, 4<<20)
	v := newVolume(t, s, "a", 1<<20)
	content := noise(1, 4096)
	write(t, v, content, 0)
	require.NoError(t, v.Flush())
	write(t, v, noise(2, 4096), 1<<19)
	d.fault = func(write bool, off int64) error {
		if off < 0 {
			return io.ErrUnexpectedEOF
		}
		return nil
	}
	require.ErrorIs(t, v.Flush(), ErrFailed)
	d.fault = nil
	_, err := v.WriteAt(content, 2*ExtentSize)
	require.ErrorIs(t, err, ErrFailed)
	require.ErrorIs(t, v.Flush(), ErrFailed)
	require.ErrorIs(t, s.Close(), ErrFailed)
	require.Equal(t, content, read(t, v, 0, 4096))
	s = reopen(t, d.cut(rand.New(rand.NewSource(1))))
	require.NoError(t, s.Check())
	require.Equal(t, content, read(t, openVolume(t, s, "a"), 0, 4096))
}

// Zeros of an image take no room, and any bytes of a volume can be read.
func TestImportSparse(t *testing.T) {
	s, _ := newStore(t, 16<<20)
	content := make([]byte, 1<<20)
	copy(content[500_000:], "something")
	require.NoError(t, s.Import("a", int64(len(content)), Raw(bytes.NewReader(content), int64(len(content)))))
	list, err := s.List()
	require.NoError(t, err)
	require.LessOrEqual(t, list[0].Allocated, int64(4*ExtentSize))
	v, err := s.OpenVolume("a", true)
	require.NoError(t, err)
	got := make([]byte, 100)
	for _, off := range []int64{0, 499_950, 500_000, 1<<20 - 100} {
		n, err := Bytes{v}.ReadAt(got, off)
		require.NoError(t, err)
		require.Equal(t, content[off:off+int64(n)], got)
	}
	_, err = Bytes{v}.ReadAt(got, 1<<20-99)
	require.ErrorIs(t, err, ErrRange)
}
