package blk_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/guestlib/blk"
	"tuco/guestlib/frontend/model"
)

// TestNoAllocation: a call in the steady state allocates nothing.
func TestNoAllocation(t *testing.T) {
	for name, config := range map[string]model.DiskConfig{
		"direct": {Size: 4 * mib, Persistent: true}, "indirect": {Size: 4 * mib, Persistent: true, Indirect: 32},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, disk := open(t, config)
			data := make([]byte, 64<<10)
			transfer := func() {
				if _, err := disk.WriteAt(data, 0); err != nil {
					t.Error(err)
				}
				if _, err := disk.ReadAt(data, 0); err != nil {
					t.Error(err)
				}
			}
			transfer()
			require.Zero(t, int(testing.AllocsPerRun(200, transfer)))
		})
	}
}

// BenchmarkRead reads from several goroutines at once.
func BenchmarkRead(b *testing.B) {
	for _, c := range []struct {
		name    string
		size    int
		readers int
	}{{"4KiB-1", 4 << 10, 1}, {"4KiB-16", 4 << 10, 16}, {"256KiB-1", 256 << 10, 1}, {"256KiB-16", 256 << 10, 16}} {
		for name, indirect := range map[string]int{"direct": 0, "indirect": 64} {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				_, _, disk := open(b, model.DiskConfig{Size: 4 * mib, Persistent: true, Indirect: indirect})
				benchmark(b, disk, c.size, c.readers)
			})
		}
	}
}

func benchmark(b *testing.B, disk *blk.Disk, size, readers int) {
	b.ReportAllocs()
	b.SetBytes(int64(size))
	before := disk.Stats()
	var wg sync.WaitGroup
	for r := range readers {
		wg.Go(func() {
			data := make([]byte, size)
			for i := r; i < b.N; i += readers {
				if _, err := disk.ReadAt(data, int64(i*size%(4*mib))); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	after := disk.Stats()
	requests := float64(after.Requests - before.Requests)
	b.ReportMetric(requests/float64(max(after.Notifications-before.Notifications, 1)), "requests/notification")
	b.ReportMetric(requests/float64(max(after.Events-before.Events, 1)), "requests/event")
}
