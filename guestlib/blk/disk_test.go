package blk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/guestlib/blk"
	"tuco/guestlib/evtchn"
	"tuco/guestlib/frontend"
	"tuco/guestlib/frontend/model"
	"tuco/hypercall"
)

const mib = 1 << 20

// open plugs a disk in and connects to it. Nothing may be left at the test's end.
func open(t testing.TB, config model.DiskConfig) (*model.Host, *model.Disk, *blk.Disk) {
	t.Helper()
	host := model.NewHost()
	back := model.NewDisk(host, "51712", config)
	disk, err := blk.Open(t.Context(), host, "51712")
	require.NoError(t, err)
	live++
	t.Cleanup(func() {
		live--
		require.NoError(t, disk.Close())
		back.Stop()
		nothingLeft(t, host)
	})
	return host, back, disk
}

// live is how many disks are open.
var live int

// nothingLeft checks that the front end has left no page shared, no port, no watch and no goroutine.
func nothingLeft(t testing.TB, host *model.Host) {
	t.Helper()
	assert.Zero(t, host.Shared(), "pages are still shared")
	assert.Zero(t, host.Mapped(), "pages are still mapped")
	assert.Zero(t, host.Ports(), "ports are still there")
	assert.Zero(t, host.Tree.Watches(), "watches are still there")
	assert.LessOrEqual(t, goroutines(2*live), 2*live, "goroutines still run")
}

// goroutines is how many of the front ends' there are. Those that are about to end get the time to, unless there are few.
func goroutines(few int) (n int) {
	for range 100 {
		stacks := make([]byte, mib)
		text := string(stacks[:runtime.Stack(stacks, true)])
		n = strings.Count(text, "\ntuco/guestlib/frontend.(*Connection).events(") + strings.Count(text, "\ntuco/guestlib/frontend.Connect.func1(")
		if n <= few {
			break
		}
		time.Sleep(time.Millisecond)
	}
	return n
}

// noPorts is a domain whose hypervisor has no port left.
type noPorts struct{ *model.Host }

var errNoPort = errors.New("no port is free")

// Listen returns a nil pointer as what has no value, as evtchn.AllocUnbound's callers do.
func (noPorts) Listen(hypercall.DomID) (frontend.Channel, error) {
	return (*evtchn.Channel)(nil), errNoPort
}

func TestNoPorts(t *testing.T) {
	host := model.NewHost()
	back := model.NewDisk(host, "51712", model.DiskConfig{Size: mib})
	_, err := blk.Open(t.Context(), noPorts{host}, "51712")
	require.ErrorIs(t, err, errNoPort)
	back.Stop()
	nothingLeft(t, host)
}

func pattern(size int, seed byte) []byte {
	b := make([]byte, size)
	_, _ = io.ReadFull(rand.NewChaCha8([32]byte{seed}), b)
	return b
}

var configs = map[string]model.DiskConfig{
	"plain":          {Size: 4 * mib},
	"persistent":     {Size: 4 * mib, Persistent: true},
	"indirect":       {Size: 4 * mib, Persistent: true, Indirect: 64},
	"much indirect":  {Size: 4 * mib, Indirect: 4096},
	"large ring":     {Size: 4 * mib, RingOrder: 2},
	"larger ring":    {Size: 4 * mib, RingOrder: 5, Indirect: 32},
	"large sectors":  {Size: 4 * mib, SectorSize: 4096},
	"middle sectors": {Size: 4 * mib, SectorSize: 2048, Indirect: 13},
}

func TestReadAndWrite(t *testing.T) {
	for name, config := range configs {
		t.Run(name, func(t *testing.T) {
			_, back, disk := open(t, config)
			sector := disk.Info().SectorSize
			assert.Equal(t, max(config.SectorSize, 512), sector)
			assert.EqualValues(t, config.Size, disk.Size())
			want := make([]byte, config.Size)
			r := rand.New(rand.NewPCG(1, 2))
			for i := range 60 {
				off := r.IntN(config.Size/sector) * sector
				n := min(r.IntN(1<<r.IntN(21)+1)/sector*sector, config.Size-off)
				data := pattern(n, byte(i))
				copy(want[off:], data)
				got, err := disk.WriteAt(data, int64(off))
				require.NoError(t, err)
				require.Equal(t, n, got)

				off, n = r.IntN(config.Size), r.IntN(1<<r.IntN(21)+1)
				read := make([]byte, n)
				got, err = disk.ReadAt(read, int64(off))
				if off+n > config.Size {
					require.ErrorIs(t, err, io.EOF)
				} else {
					require.NoError(t, err)
				}
				require.Equal(t, min(n, config.Size-off), got)
				require.True(t, bytes.Equal(want[off:off+got], read[:got]), "%d at %d", n, off)
			}
			assert.True(t, bytes.Equal(want, back.Data()))
		})
	}
}

func TestManyAtOnce(t *testing.T) {
	for name, config := range configs {
		t.Run(name, func(t *testing.T) {
			_, back, disk := open(t, config)
			const writers = 32
			part := config.Size / writers
			want := pattern(config.Size, 5)
			var wg sync.WaitGroup
			for w := range writers {
				wg.Go(func() {
					for at := w * part; at < (w+1)*part; at += part / 4 {
						_, err := disk.WriteAt(want[at:at+part/4], int64(at))
						assert.NoError(t, err)
						got := make([]byte, part/4)
						_, err = disk.ReadAt(got, int64(at))
						assert.NoError(t, err)
						assert.True(t, bytes.Equal(want[at:at+part/4], got))
					}
				})
			}
			wg.Wait()
			assert.True(t, bytes.Equal(want, back.Data()))
			s := disk.Stats()
			assert.LessOrEqual(t, s.Notifications, s.Requests)
			assert.LessOrEqual(t, s.Pages, 512)
		})
	}
}

func TestNegotiation(t *testing.T) {
	_, back, disk := open(t, model.DiskConfig{
		Size: mib, SectorSize: 1024, ReadOnly: true, Persistent: true, Flush: true, Discard: true, Indirect: 1000, RingOrder: 7,
	})
	assert.Equal(t, blk.Info{
		Size: mib, SectorSize: 1024, ReadOnly: true, Persistent: true, Flush: true, Discard: true, Segments: 128, RingSize: 128,
	}, disk.Info())
	assert.Equal(t, "x86_64-abi", back.Front("protocol"))
	assert.Equal(t, "1", back.Front("feature-persistent"))
	assert.Equal(t, "2", back.Front("ring-page-order"))
	assert.Equal(t, "4", back.Front("state"))
	assert.NotEmpty(t, back.Front("ring-ref3"))
	assert.Empty(t, back.Front("ring-ref"))
}

func TestDevices(t *testing.T) {
	host := model.NewHost()
	names, err := blk.Devices(host)
	require.NoError(t, err)
	assert.Empty(t, names)
	for _, name := range []string{"51728", "51712"} {
		defer model.NewDisk(host, name, model.DiskConfig{Size: mib}).Stop()
	}
	names, err = blk.Devices(host)
	require.NoError(t, err)
	assert.Equal(t, []string{"51712", "51728"}, names)
}

func TestFlush(t *testing.T) {
	for _, config := range []model.DiskConfig{{Size: mib, Flush: true}, {Size: mib, Barrier: true}, {Size: mib, Flush: true, Barrier: true}} {
		_, back, disk := open(t, config)
		require.NoError(t, disk.Flush())
		assert.Equal(t, 1, back.Flushes())
		back.Fail(true)
		assert.ErrorIs(t, disk.Flush(), blk.ErrIO)
	}
	_, back, disk := open(t, model.DiskConfig{Size: mib})
	require.NoError(t, disk.Flush(), "no cache")
	assert.Zero(t, back.Flushes())
	require.NoError(t, disk.Close())
	assert.ErrorIs(t, disk.Flush(), frontend.ErrClosed)
}

func TestDiscard(t *testing.T) {
	_, back, disk := open(t, model.DiskConfig{Size: mib, Discard: true})
	_, err := disk.WriteAt(pattern(4096, 1), 512)
	require.NoError(t, err)
	require.NoError(t, disk.Discard(512, 4096))
	assert.Equal(t, make([]byte, mib), back.Data())
	assert.ErrorIs(t, disk.Discard(mib, 512), blk.ErrRange)
	assert.ErrorIs(t, disk.Discard(0, -512), blk.ErrRange)
	assert.ErrorIs(t, disk.Discard(1, 512), blk.ErrAlignment)

	_, _, disk = open(t, model.DiskConfig{Size: mib})
	assert.ErrorIs(t, disk.Discard(0, 512), errors.ErrUnsupported)
	_, _, disk = open(t, model.DiskConfig{Size: mib, ReadOnly: true, Discard: true})
	assert.ErrorIs(t, disk.Discard(0, 512), blk.ErrReadOnly)
}

func TestBadArguments(t *testing.T) {
	_, back, disk := open(t, model.DiskConfig{Size: mib})
	sector := make([]byte, 512)
	for _, c := range []struct {
		size int
		off  int64
		want error
	}{
		{511, 0, blk.ErrAlignment}, {512, 1, blk.ErrAlignment}, {512, mib, blk.ErrRange}, {1024, mib - 512, blk.ErrRange},
		{512, -512, blk.ErrRange}, {512, 1 << 62, blk.ErrRange}, {512, -1 << 63, blk.ErrRange},
	} {
		n, err := disk.WriteAt(make([]byte, c.size), c.off)
		assert.ErrorIs(t, err, c.want, "%d at %d", c.size, c.off)
		assert.Zero(t, n)
	}
	n, err := disk.WriteAt(nil, mib)
	assert.NoError(t, err)
	assert.Zero(t, n)
	_, err = disk.ReadAt(sector, -1)
	assert.ErrorIs(t, err, blk.ErrRange)
	n, err = disk.ReadAt(sector, mib-100)
	assert.ErrorIs(t, err, io.EOF)
	assert.Equal(t, 100, n)
	n, err = disk.ReadAt(nil, 0)
	assert.NoError(t, err)
	assert.Zero(t, n)
	assert.Equal(t, make([]byte, mib), back.Data())

	_, _, disk = open(t, model.DiskConfig{Size: mib, ReadOnly: true})
	_, err = disk.WriteAt(sector, 0)
	assert.ErrorIs(t, err, blk.ErrReadOnly)
	_, err = disk.ReadAt(sector, 0)
	assert.NoError(t, err)
}

func TestErrorsOfTheDevice(t *testing.T) {
	_, back, disk := open(t, model.DiskConfig{Size: mib})
	back.Fail(true)
	n, err := disk.WriteAt(make([]byte, 200<<10), 0)
	assert.ErrorIs(t, err, blk.ErrIO)
	assert.Zero(t, n)
	_, err = disk.ReadAt(make([]byte, 512), 0)
	assert.ErrorIs(t, err, blk.ErrIO)
	back.Fail(false)
	_, err = disk.ReadAt(make([]byte, 512), 0)
	assert.NoError(t, err, "the device works on")
}

// noStore is a domain without a store.
type noStore struct{ *model.Host }

func (noStore) Store() (frontend.Store, error) { return nil, frontend.ErrNoStore }

func TestCannotOpen(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	host := model.NewHost()

	_, err := blk.Open(ctx, noStore{host}, "51712")
	assert.ErrorIs(t, err, frontend.ErrNoStore)
	_, err = blk.Devices(noStore{host})
	assert.ErrorIs(t, err, frontend.ErrNoStore)
	_, err = blk.Open(ctx, host, "51712")
	assert.ErrorContains(t, err, "device/vbd/51712: no such device")

	back := model.NewDisk(host, "51712", model.DiskConfig{Size: mib})
	back.Node("state", "1")
	_, err = blk.Open(ctx, host, "51712")
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.ErrorContains(t, err, "the back end is still Initialising")
	back.Stop()
	nothingLeft(t, host)

	for n := 1; n <= 2; n++ {
		back := model.NewDisk(host, "51712", model.DiskConfig{Size: mib})
		host.FailShare(n)
		_, err = blk.Open(t.Context(), host, "51712")
		assert.ErrorContains(t, err, "no memory to share")
		back.Stop()
		nothingLeft(t, host)
	}
}

// TestStrangeNodes: what the back end writes into the store is not taken for granted.
func TestStrangeNodes(t *testing.T) {
	for _, c := range [][2]string{
		{"sectors", "-1"}, {"sectors", "18014398509481984"}, {"sectors", "1e3"}, {"sectors", strings.Repeat("9", 4000)}, {"sectors", ""},
		{"sector-size", "0"}, {"sector-size", "513"}, {"sector-size", "8192"}, {"sector-size", "256"},
		{"info", "0x4"}, {"feature-max-indirect-segments", "4294967296"}, {"max-ring-page-order", "-1"},
		{"feature-flush-cache", "2"}, {"feature-persistent", "yes"}, {"state", "9"}, {"state", "open"},
	} {
		t.Run(fmt.Sprintf("%.40s", c), func(t *testing.T) {
			host := model.NewHost()
			back := model.NewDisk(host, "51712", model.DiskConfig{Size: mib})
			back.Override(c[0], c[1])
			back.Node(c[0], c[1])
			_, err := blk.Open(t.Context(), host, "51712")
			require.Error(t, err)
			assert.ErrorContains(t, err, c[0])
			assert.Less(t, len(err.Error()), 300)
			back.Stop()
			nothingLeft(t, host)
		})
	}
}

func TestEnds(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(*model.Host, *model.Disk, *blk.Disk)
		want error
	}{
		"closed here":   {func(_ *model.Host, _ *model.Disk, d *blk.Disk) { _ = d.Close() }, frontend.ErrClosed},
		"closed there":  {func(_ *model.Host, b *model.Disk, _ *blk.Disk) { b.Close() }, frontend.ErrDisconnected},
		"back end gone": {func(h *model.Host, b *model.Disk, _ *blk.Disk) { _ = h.Tree.Remove(b.Directory()) }, frontend.ErrDisconnected},
		"store gone":    {func(h *model.Host, _ *model.Disk, _ *blk.Disk) { h.Tree.Leave() }, frontend.ErrStoreLost},
	} {
		t.Run(name, func(t *testing.T) {
			host, back, disk := open(t, model.DiskConfig{Size: 4 * mib, Persistent: true})
			resume := back.Pause()
			const callers = 40 // more than there is room for in the ring
			errs := make(chan error, callers)
			for i := range callers {
				go func() {
					_, err := disk.ReadAt(make([]byte, 100<<10), int64(i)<<10)
					errs <- err
				}()
			}
			for disk.Stats().Requests < 32 {
				runtime.Gosched()
			}
			go resume()
			c.end(host, back, disk)
			got := 0
			for range callers {
				if err := <-errs; err != nil {
					assert.ErrorIs(t, err, c.want)
					got++
				}
			}
			require.Eventually(t, func() bool {
				_, err := disk.ReadAt(make([]byte, 512), 0)
				return errors.Is(err, c.want)
			}, 10*time.Second, time.Millisecond)
			t.Logf("%d of %d calls failed", got, callers)
		})
	}
}

// TestDeadBackEnd: one that doesn't answer any more holds nobody up, and what it had mapped is not used again.
func TestDeadBackEnd(t *testing.T) {
	host := model.NewHost()
	back := model.NewDisk(host, "51712", model.DiskConfig{Size: mib, Persistent: true})
	disk, err := blk.Open(t.Context(), host, "51712")
	require.NoError(t, err)
	_, err = disk.WriteAt(make([]byte, 64<<10), 0)
	require.NoError(t, err)
	back.Die()
	failed := make(chan error)
	go func() {
		_, err := disk.WriteAt(make([]byte, 64<<10), 0)
		failed <- err
	}()
	for disk.Stats().Requests < 4 {
		runtime.Gosched()
	}
	mapped := host.Mapped()
	require.NotZero(t, mapped)
	require.NoError(t, disk.Close())
	assert.ErrorIs(t, <-failed, frontend.ErrClosed)
	assert.Zero(t, host.Shared())
	assert.Equal(t, mapped, host.Mapped(), "the pages wait for the back end")
	assert.Zero(t, goroutines(0))
	back.Bury()
	nothingLeft(t, host)
}

// TestResume: calls outlive a connection that makes way for another.
func TestResume(t *testing.T) {
	_, back, disk := open(t, model.DiskConfig{Size: 4 * mib, Flush: true, Indirect: 32})
	want := pattern(4*mib, 3)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for at := w * mib / 2; at < (w+1)*mib/2; at += 16 << 10 {
				_, err := disk.WriteAt(want[at:at+16<<10], int64(at))
				assert.NoError(t, err)
			}
		})
	}
	for range 5 {
		require.NoError(t, disk.Resume(t.Context()))
		require.NoError(t, disk.Flush())
	}
	wg.Wait()
	assert.True(t, bytes.Equal(want, back.Data()))
}

// TestBackEndRestarts: a device that its back end has closed can be connected again once that has started again.
func TestBackEndRestarts(t *testing.T) {
	_, back, disk := open(t, model.DiskConfig{Size: mib})
	want := pattern(4096, 1)
	_, err := disk.WriteAt(want, 0)
	require.NoError(t, err)
	back.Close()
	got := make([]byte, 4096)
	require.Eventually(t, func() bool {
		_, err := disk.ReadAt(got, 0)
		return errors.Is(err, frontend.ErrDisconnected)
	}, 10*time.Second, time.Millisecond)
	require.NoError(t, disk.Resume(t.Context()))
	_, err = disk.ReadAt(got, 0)
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

// TestResumeFails: calls fail with the reason, until another Resume.
func TestResumeFails(t *testing.T) {
	_, back, disk := open(t, model.DiskConfig{Size: mib})
	back.Override("sectors", "1")
	assert.ErrorContains(t, disk.Resume(t.Context()), "not the same device")
	_, err := disk.ReadAt(make([]byte, 512), 0)
	assert.ErrorContains(t, err, "not the same device")
	assert.ErrorContains(t, disk.Flush(), "not the same device")
	assert.EqualValues(t, mib, disk.Size())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, disk.Resume(ctx), context.Canceled)
	back.Reform()
	require.NoError(t, disk.Resume(t.Context()))
	_, err = disk.ReadAt(make([]byte, 512), 0)
	assert.NoError(t, err)
}

// TestSaved: the domain is saved and restored while it reads and writes, and nobody notices.
func TestSaved(t *testing.T) {
	host, back, disk := open(t, model.DiskConfig{Size: 4 * mib, Persistent: true})
	want := pattern(4*mib, 9)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for at := w * mib; at < (w+1)*mib; at += 32 << 10 {
				_, err := disk.WriteAt(want[at:at+32<<10], int64(at))
				assert.NoError(t, err)
			}
		})
	}
	for range 3 {
		require.NoError(t, host.Save(false, back.Close), "what becomes of the old back end is nothing to the device")
	}
	wg.Wait()
	assert.True(t, bytes.Equal(want, back.Data()))
}

// TestSavingCancelled: then the connection is what it was, and its back end's end is its own.
func TestSavingCancelled(t *testing.T) {
	host, back, disk := open(t, model.DiskConfig{Size: mib})
	_, err := disk.WriteAt(make([]byte, 512), 0)
	require.NoError(t, err)
	require.NoError(t, host.Save(true, func() {}))
	_, err = disk.WriteAt(make([]byte, 512), 0)
	require.NoError(t, err)
	assert.EqualValues(t, 2, disk.Stats().Requests, "the same connection")

	require.NoError(t, host.Save(true, back.Close))
	require.Eventually(t, func() bool {
		_, err := disk.ReadAt(make([]byte, 512), 0)
		return errors.Is(err, frontend.ErrDisconnected)
	}, 10*time.Second, time.Millisecond)
}

// TestSavedAfterClose: a device that was closed is not told.
func TestSavedAfterClose(t *testing.T) {
	host, _, disk := open(t, model.DiskConfig{Size: mib})
	require.NoError(t, disk.Close())
	require.NoError(t, host.Save(false, func() {}))
	_, err := disk.ReadAt(make([]byte, 512), 0)
	assert.ErrorIs(t, err, frontend.ErrClosed)
}
