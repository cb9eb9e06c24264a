package volume

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// hooked is a disk that calls a function before each call of it.
type hooked struct {
	*disk
	hook func(call string, off int64)
}

func (d *hooked) ReadAt(p []byte, off int64) (int, error) {
	d.hook("read", off)
	return d.disk.ReadAt(p, off)
}

func (d *hooked) WriteAt(p []byte, off int64) (int, error) {
	d.hook("write", off)
	return d.disk.WriteAt(p, off)
}

func (d *hooked) Flush() error {
	d.hook("flush", 0)
	return d.disk.Flush()
}

// TestLocks looks, while the disk works, at who is kept away.
func TestLocks(t *testing.T) {
	s, d := newStore(t, 4<<20)
	v := newVolume(t, s, "a", 1<<20)
	content := noise(1, ExtentSize)
	write(t, v, content, 0)
	h := &hooked{disk: d}
	s.dev = h
	watch := func(what func()) (calls int) {
		h.hook = func(string, int64) { calls++; what() }
		return
	}
	free := func(try func() bool, unlock func()) bool {
		ok := try()
		if ok {
			unlock()
		}
		return ok
	}
	io, block := &v.r.io, &v.r.blocks[0]
	shared := func() {
		require.False(t, free(io.TryLock, io.Unlock), "the map might change hands")
		require.False(t, free(block.TryLock, block.Unlock), "the block might move")
		require.True(t, free(block.TryRLock, block.RUnlock), "nobody else can read")
		require.True(t, free(s.mu.TryLock, s.mu.Unlock), "everybody waits for the disk")
	}

	watch(shared)
	write(t, v, content[:512], 0)
	read(t, v, 0, 512)

	require.NoError(t, func() error {
		watch(func() {
			require.False(t, free(io.TryRLock, io.RUnlock), "writes go on while a snapshot is made")
			require.True(t, free(s.mu.TryLock, s.mu.Unlock), "everybody waits for the disk")
		})
		return s.Snapshot("a", "then")
	}())

	watch(func() {
		require.False(t, free(io.TryLock, io.Unlock), "the map might change hands")
		require.False(t, free(block.TryRLock, block.RUnlock), "others read or write the block that moves")
		require.True(t, free(v.r.blocks[1].TryLock, v.r.blocks[1].Unlock), "other blocks wait too")
	})
	write(t, v, content[:512], 512)

	watch(func() {
		require.True(t, free(io.TryLock, io.Unlock), "reads and writes wait for a flush")
		require.True(t, free(s.mu.TryLock, s.mu.Unlock), "everybody waits for the disk")
	})
	require.NoError(t, v.Flush())
}

// TestWritesDuringCheckpoint reads and writes volumes before each write of a checkpoint, with a cache that has no room: what isn't
// on the disk yet is there all the same, and what comes later is in the next commit.
func TestWritesDuringCheckpoint(t *testing.T) {
	d := newDisk(8 << 20)
	require.NoError(t, Format(d, false))
	h := &hooked{disk: d, hook: func(string, int64) {}}
	s, _, err := Open(h, Options{CacheNodes: 1})
	require.NoError(t, err)
	v := newVolume(t, s, "a", 10*span(0)*ExtentSize)
	place := func(i int) int64 { return int64(i) * span(0) * ExtentSize / 2 }
	var contents [][]byte
	put := func() {
		i := len(contents)
		contents = append(contents, noise(int64(i), 512))
		write(t, v, contents[i], place(i))
	}
	for range 8 {
		put()
	}

	busy, calls := false, 0
	h.hook = func(call string, _ int64) {
		if busy || call == "read" {
			return
		}
		busy = true
		calls++
		for i, c := range contents {
			require.Equal(t, c, read(t, v, place(i), 512))
		}
		put()
		busy = false
	}
	require.NoError(t, s.Create("b", 512))
	h.hook = func(string, int64) {}
	require.GreaterOrEqual(t, calls, 5)
	require.NoError(t, v.Flush())
	require.NoError(t, s.Check())
	s = reopen(t, d)
	require.NoError(t, s.Check())
	v = openVolume(t, s, "a")
	for i, c := range contents {
		require.Equal(t, c, read(t, v, place(i), 512))
	}
}

// TestBounds writes without a flush: what waits for one has bounds all the same.
func TestBounds(t *testing.T) {
	d := &counted{memory: make([]byte, 32<<20)}
	require.NoError(t, Format(d, false))
	s, _, err := Open(d, Options{})
	require.NoError(t, err)
	v := newVolume(t, s, "a", 1000*span(0)*ExtentSize)
	block := noise(1, 512)
	for i := range int64(200) {
		write(t, v, block, i*span(0)*ExtentSize)
		require.LessOrEqual(t, s.dirty, maxDirty+maxHeight)
	}
	for i := range int64(maxUpdates * 6 / 10) {
		off := i % 200 * span(0) * ExtentSize
		require.NoError(t, v.Discard(off, ExtentSize))
		require.LessOrEqual(t, len(s.updates), maxUpdates+1)
		write(t, v, block, off)
	}
	require.NoError(t, s.Check())
}
