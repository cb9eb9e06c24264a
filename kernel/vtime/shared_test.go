package vtime

import (
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/sharedinfo"
)

func TestPublish(t *testing.T) {
	var to sharedinfo.Time
	var p Publisher
	c := Clock{TSC: 1 << 40, System: 1 << 41, Mul: 0xdeadbeef, Shift: -3}
	p.Publish(&to, &c, hypercall.XEN_PVCLOCK_TSC_STABLE_BIT)
	want := hypercall.VCPUTimeInfo{Version: 2, TSCTimestamp: 1 << 40, SystemTime: 1 << 41, TSCToSystemMul: 0xdeadbeef, TSCShift: -3, Flags: 1}
	assert.Equal(t, want, *(*hypercall.VCPUTimeInfo)(unsafe.Pointer(&to)))

	to.Version.Store(0x12345) // a guest may write what it likes
	p.Publish(&to, &c, 0)
	want.Version, want.Flags = 4, 0
	assert.Equal(t, want, *(*hypercall.VCPUTimeInfo)(unsafe.Pointer(&to)))
}

// A guest that reads while we write gets a whole clock or starts again: no
// mixture, and no time before one it has seen.
func TestReadersWhilePublishing(t *testing.T) {
	var to sharedinfo.Time
	var p Publisher
	var now atomic.Uint64 // the TSC
	c := NewClock(2_893_202_000, 0, 0)
	p.Publish(&to, &c, 0)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 2 {
		wg.Go(func() {
			last := uint64(0)
			for {
				select {
				case <-stop:
					return
				default:
				}
				v := to.Version.Load()
				read := Clock{TSC: to.Timestamp.Load(), System: to.System.Load(), Mul: to.Mul.Load(), Shift: int8(to.Rest.Load())}
				tsc := now.Load()
				if v&1 != 0 || to.Version.Load() != v {
					continue
				}
				if tsc < read.TSC {
					panic("a clock from the future")
				}
				at := read.At(tsc)
				if at < last || at < c.At(tsc) {
					panic("the time went back")
				}
				last = at
			}
		})
	}
	latest := c
	for range 5000 {
		tsc := now.Add(1_234_567)
		latest = latest.Rebase(tsc)
		p.Publish(&to, &latest, 0)
	}
	close(stop)
	wg.Wait()
}

func TestWallClock(t *testing.T) {
	var page sharedinfo.Page
	var w WallClock
	assert.EqualValues(t, 1<<60-second, Epoch(1<<60+7, second+7))
	assert.Zero(t, Epoch(5, 7), "a wall clock that was never set")
	w.Publish(&page, (1<<33+5)*second+999)
	got := (*hypercall.SharedInfo)(unsafe.Pointer(&page))
	assert.Equal(t, []uint32{2, 5, 2, 999}, []uint32{got.WcVersion, got.WcSec, got.WcSecHi, got.WcNsec})
	w.Publish(&page, 6*second+1)
	assert.Equal(t, []uint32{4, 6, 0, 1}, []uint32{got.WcVersion, got.WcSec, got.WcSecHi, got.WcNsec})
}

// log is an Area that remembers the order of writes, and fails after some.
type log struct {
	t     testing.TB
	words [12]uint32
	order []uint32
	fail  int
}

func (l *log) put() bool { l.fail--; return l.fail != 0 }

func (l *log) Put32(offset, v uint32) bool {
	if !l.put() {
		return false
	}
	l.order = append(l.order, offset)
	l.words[offset/4] = v
	return true
}

func (l *log) Put64(offset uint32, v uint64) bool {
	if !l.put() {
		return false
	}
	l.order = append(l.order, offset)
	l.words[offset/4], l.words[offset/4+1] = uint32(v), uint32(v>>32)
	return true
}

func TestCopyOfTime(t *testing.T) {
	l := &log{t: t}
	var p Publisher
	c := NewClock(1_000_000_000, 5, 6)
	assert.True(t, p.PublishTo(l, &c, 0))
	assert.Equal(t, []uint32{0, 8, 16, 24, 28, 0}, l.order, "the version first and last")
	for n := 1; n <= 6; n++ {
		assert.False(t, p.PublishTo(&log{t: t, fail: n}, &c, 0))
	}
}

func TestRunstateProtocol(t *testing.T) {
	r := Runstate{State: Blocked, Since: 50, Time: [4]uint64{1, 2, 3, 4}}
	want := hypercall.VCPURunstateInfo{State: hypercall.RUNSTATE_blocked, StateEntryTime: 50, Time: [4]uint64{1, 2, 3, 4}}
	plain, flagged := &log{t: t}, &log{t: t}
	require.True(t, r.WriteTo(plain, false))
	require.True(t, r.WriteTo(flagged, true))
	for _, l := range []*log{plain, flagged} {
		assert.Equal(t, want, *(*hypercall.VCPURunstateInfo)(unsafe.Pointer(&l.words)))
	}
	assert.Equal(t, []uint32{0, 16, 24, 32, 40, 8}, plain.order)
	assert.Equal(t, []uint32{8, 0, 16, 24, 32, 40, 8}, flagged.order)
	for n := 1; n <= 7; n++ {
		l := &log{t: t, fail: n}
		require.False(t, r.WriteTo(l, true))
		if n > 1 {
			assert.NotZero(t, l.words[3]>>31, "an update that was given up stays marked")
		}
	}
}

func TestRunstateAccount(t *testing.T) {
	var r Runstate
	r.Start(Offline, 100)
	r.Change(Runnable, 150)
	r.Change(Running, 170)
	r.Change(Blocked, 165) // another CPU's clock, behind
	r.Change(Running, 300)
	assert.Equal(t, Runstate{State: Running, Since: 300, Time: [4]uint64{0, 20, 130, 50}}, r)
	assert.Equal(t, Runstate{State: Running, Since: 300, Time: [4]uint64{11, 20, 130, 50}}, r.At(311))
	assert.Equal(t, r, r.At(7))
	assert.EqualValues(t, 70, r.Steal())
}
