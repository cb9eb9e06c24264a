package blkback_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/blkback"
	"tuco/control/limit"
	"tuco/guestlib/blk"
	"tuco/guestlib/frontend"
	"tuco/ring/blkif"
)

func TestNegotiation(t *testing.T) {
	h := plug(t, blkback.Config{Discard: true, SectorSize: 1024})
	assert.Equal(t, blk.Info{
		Size: 4 * mib, SectorSize: 1024, Flush: true, Discard: true, Persistent: true, Segments: 128, RingSize: 128,
	}, h.open().Info())
	h = plug(t, blkback.Config{Discard: true, ReadOnly: true, Disk: newRAM(mib)})
	assert.Equal(t, blk.Info{
		Size: mib, SectorSize: 512, ReadOnly: true, Flush: true, Persistent: true, Segments: 128, RingSize: 128,
	}, h.open().Info())
}

// TestReadAndWrite compares a disk with memory.
func TestReadAndWrite(t *testing.T) {
	for _, sector := range []int{512, 4096} {
		h := plug(t, blkback.Config{SectorSize: sector, Discard: true})
		d := h.open()
		want := make([]byte, d.Size())
		r := rand.New(rand.NewPCG(1, uint64(sector)))
		for i := range 100 {
			off := r.IntN(len(want)/sector) * sector
			n := min(r.IntN(1<<r.IntN(21)+1)/sector*sector, len(want)-off)
			if i%7 == 0 {
				clear(want[off:][:n])
				require.NoError(t, d.Discard(int64(off), int64(n)))
				continue
			}
			data := pattern(n, byte(i))
			copy(want[off:], data)
			_, err := d.WriteAt(data, int64(off))
			require.NoError(t, err)

			off, n = r.IntN(len(want)), r.IntN(1<<r.IntN(21)+1)
			got := make([]byte, n)
			n, err = d.ReadAt(got, int64(off))
			if err != io.EOF {
				require.NoError(t, err)
			}
			require.True(t, bytes.Equal(want[off:off+n], got[:n]), "%d at %d", n, off)
		}
		assert.True(t, bytes.Equal(want, h.disk.now))
		s := h.driver.Stats()
		assert.NotZero(t, s.Reads)
		assert.NotZero(t, s.Writes)
		assert.NotZero(t, s.Discards)
		assert.Zero(t, s.Refused)
		assert.Zero(t, s.Copies, "all pages are kept")
		assert.LessOrEqual(t, s.Mapped-s.Unmapped, uint64(256))
	}
}

func TestManyAtOnce(t *testing.T) {
	h := plug(t, blkback.Config{})
	d := h.open()
	const writers = 32
	part := 4 * mib / writers
	want := pattern(4*mib, 5)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for at := w * part; at < (w+1)*part; at += part / 4 {
				_, err := d.WriteAt(want[at:at+part/4], int64(at))
				assert.NoError(t, err)
				got := make([]byte, part/4)
				_, err = d.ReadAt(got, int64(at))
				assert.NoError(t, err)
				assert.True(t, bytes.Equal(want[at:at+part/4], got))
			}
		})
	}
	wg.Wait()
	assert.True(t, bytes.Equal(want, h.disk.now))
}

// TestAtOnce: requests are done at once where the disk takes its time, and in any order.
func TestAtOnce(t *testing.T) {
	h := plug(t, blkback.Config{})
	d := h.open()
	wait := make(chan struct{})
	h.disk.set(func() { h.disk.wait = wait })
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			_, err := d.ReadAt(make([]byte, 4096), int64(i)*4096)
			assert.NoError(t, err)
		})
	}
	require.Eventually(t, func() bool { _, active := h.disk.counts(); return active == 20 }, time.Minute, time.Millisecond)
	close(wait)
	wg.Wait()
}

// TestMemory: large requests wait for each other.
func TestMemory(t *testing.T) {
	h := plug(t, blkback.Config{Disk: newRAM(16 * mib)})
	d := h.open()
	wait := make(chan struct{})
	h.disk.set(func() { h.disk.wait = wait })
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			_, err := d.ReadAt(make([]byte, mib/2), int64(i)*mib)
			assert.NoError(t, err)
		})
	}
	require.Eventually(t, func() bool { _, active := h.disk.counts(); return active > 1 }, time.Minute, time.Millisecond)
	wait <- struct{}{}
	wait <- struct{}{}
	close(wait)
	wg.Wait()
	assert.LessOrEqual(t, h.disk.most, mib)
	assert.Greater(t, h.disk.most, mib/2, "more than one at once")
}

func TestFlush(t *testing.T) {
	h := plug(t, blkback.Config{})
	d := h.open()
	want := pattern(64<<10, 1)
	_, err := d.WriteAt(want, 512)
	require.NoError(t, err)
	assert.False(t, bytes.Equal(want, h.disk.durable[512:][:len(want)]))
	require.NoError(t, d.Flush())
	assert.True(t, bytes.Equal(want, h.disk.durable[512:][:len(want)]))
	assert.Equal(t, 1, h.disk.flushes)
}

// Where Linux' empty flushes would begin is beyond every disk.
func TestFlushOfLinux(t *testing.T) {
	h := plug(t, blkback.Config{})
	r := h.raw(false)
	copy(r.pages.Memory, "data")
	require.Equal(t, blkif.StatusOK, r.ask(r.transfer(blkif.OpWrite, 0, r.segment(0))))
	require.Equal(t, blkif.StatusOK, r.ask(blkif.Request{Op: blkif.OpFlush, Sector: math.MaxUint64}))
	assert.Equal(t, "data", string(h.disk.durable[:4]))
	assert.Equal(t, 1, h.disk.flushes)
}

func TestDiskFails(t *testing.T) {
	h := plug(t, blkback.Config{Discard: true})
	d := h.open()
	h.disk.set(func() { h.disk.fail = errBroken })
	_, err := d.ReadAt(make([]byte, 512), 0)
	assert.ErrorIs(t, err, blk.ErrIO)
	_, err = d.WriteAt(make([]byte, 512), 0)
	assert.ErrorIs(t, err, blk.ErrIO)
	assert.ErrorIs(t, d.Flush(), blk.ErrIO)
	assert.ErrorIs(t, d.Discard(0, 512), blk.ErrIO)
	assert.EqualValues(t, 4, h.driver.Stats().Failed)
	h.disk.set(func() { h.disk.fail = errors.ErrUnsupported })
	assert.ErrorIs(t, d.Discard(0, 512), errors.ErrUnsupported)
	h.disk.set(func() { h.disk.fail = nil })
	_, err = d.ReadAt(make([]byte, 512), 0)
	assert.NoError(t, err, "it goes on")
}

// odd is a disk that does what it should not.
type odd struct {
	*ram
	read func(p []byte) (int, error)
}

func (o odd) ReadAt(p []byte, _ int64) (int, error) { return o.read(p) }

func TestOddDisks(t *testing.T) {
	for name, c := range map[string]struct {
		read func(p []byte) (int, error)
		good bool
	}{
		"panics":           {func([]byte) (int, error) { panic("at the disk") }, false},
		"gives less":       {func(p []byte) (int, error) { return len(p) - 1, nil }, false},
		"gives nothing":    {func([]byte) (int, error) { return 0, nil }, false},
		"all, and the end": {func(p []byte) (int, error) { return len(p), io.EOF }, true},
		"end too early":    {func([]byte) (int, error) { return 0, io.EOF }, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := plug(t, blkback.Config{Disk: odd{newRAM(mib), c.read}}).open()
			_, err := d.ReadAt(make([]byte, 512), 0)
			if c.good {
				assert.NoError(t, err)
			} else {
				assert.ErrorIs(t, err, blk.ErrIO)
			}
			_, err = d.WriteAt(make([]byte, 512), 0)
			assert.NoError(t, err, "it goes on")
		})
	}
}

// TestRates: two devices of a guest share a rate.
func TestRates(t *testing.T) {
	t.Run("bytes", func(t *testing.T) {
		clock := &limitClock{}
		h := plug(t, blkback.Config{Bytes: limit.New(mib, mib), Clock: clock})
		d := h.open()
		for range 5 {
			_, err := d.ReadAt(make([]byte, mib), 0)
			require.NoError(t, err)
		}
		assert.InDelta(t, 4, clock.waited().Seconds(), 0.6, "5 MiB at 1 MiB a second, and one at once")
		assert.Equal(t, clock.waited(), h.driver.Stats().Throttled)
	})
	t.Run("requests", func(t *testing.T) {
		clock := &limitClock{}
		d := plug(t, blkback.Config{Requests: limit.New(10, 5), Clock: clock}).open()
		for range 25 {
			_, err := d.ReadAt(make([]byte, 512), 0)
			require.NoError(t, err)
		}
		assert.InDelta(t, 2, clock.waited().Seconds(), 0.01)
	})
}

// limitClock is a clock on which time passes only by waiting.
type limitClock struct {
	mu  sync.Mutex
	sum time.Duration
}

func (c *limitClock) waited() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sum
}

func (c *limitClock) Now() time.Time { return time.Unix(1_000_000_000, 0).Add(c.waited()) }

func (c *limitClock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sum += d
	come := make(chan time.Time, 1)
	come <- time.Time{}
	return come
}

// TestRestart: the daemon is restarted in the middle of traffic, and the guest notices nothing.
func TestRestart(t *testing.T) {
	h := plug(t, blkback.Config{})
	d := h.open()
	const writers, rounds = 8, 30
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range rounds {
				data := pattern(20<<10, byte(w*rounds+i))
				at := int64(w*mib/2 + i*(16<<10))
				_, err := d.WriteAt(data, at)
				assert.NoError(t, err)
				got := make([]byte, len(data))
				_, err = d.ReadAt(got, at)
				assert.NoError(t, err)
				assert.True(t, bytes.Equal(data, got))
			}
		})
	}
	for range 10 {
		begun, _ := h.disk.counts()
		h.stop()
		require.Zero(t, h.Host.Mapped())
		_, active := h.disk.counts()
		require.Zero(t, active, "drained")
		h.serve()
		require.Eventually(t, func() bool { n, _ := h.disk.counts(); return n > begun+20 || n >= 2*writers*rounds }, time.Minute, time.Millisecond)
	}
	wg.Wait()
	assert.NoError(t, d.Flush())
}

// TestDrain: stopping waits for the disk, and what was taken is answered.
func TestDrain(t *testing.T) {
	h := plug(t, blkback.Config{})
	d := h.open()
	wait := make(chan struct{})
	h.disk.set(func() { h.disk.wait = wait })
	result := make(chan error, 1)
	go func() {
		_, err := d.WriteAt(pattern(4096, 9), 0)
		result <- err
	}()
	require.Eventually(t, func() bool { _, active := h.disk.counts(); return active == 1 }, time.Minute, time.Millisecond)
	stopped := make(chan struct{})
	go func() { h.stop(); close(stopped) }()
	select {
	case <-stopped:
		assert.Fail(t, "it did not wait")
	case <-time.After(10 * time.Millisecond):
	}
	assert.NotZero(t, h.Host.Mapped(), "the ring, at least")
	close(wait)
	<-stopped
	assert.NoError(t, <-result)
	h.serve()
}

// TestGuestCloses: a front end that goes while requests are under way leaves nothing behind.
func TestGuestCloses(t *testing.T) {
	h := plug(t, blkback.Config{})
	d := h.open()
	wait := make(chan struct{})
	h.disk.set(func() { h.disk.wait = wait })
	result := make(chan error, 1)
	go func() {
		_, err := d.ReadAt(make([]byte, 4096), 0)
		result <- err
	}()
	require.Eventually(t, func() bool { _, active := h.disk.counts(); return active == 1 }, time.Minute, time.Millisecond)
	closed := make(chan struct{})
	go func() { _ = d.Close(); close(closed) }()
	assert.ErrorIs(t, <-result, frontend.ErrClosed)
	close(wait)
	<-closed
	require.Eventually(t, func() bool { return h.Host.Mapped() == 0 }, time.Minute, time.Millisecond)
	assert.Zero(t, h.Shared())
	_, err := h.open().ReadAt(make([]byte, 512), 0) // and may come again
	assert.NoError(t, err)
}

func BenchmarkRead(b *testing.B) {
	for _, size := range []int{4 << 10, 1 << 20} {
		b.Run(fmt.Sprint(size>>10, "KiB"), func(b *testing.B) {
			d := plug(b, blkback.Config{}).open()
			p := make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := d.ReadAt(p, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
