package vtime

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/lock"
	"tuco/kernel/timer"
)

var _ Alarm = (*timer.Timer)(nil)

// bell is an Alarm that a test rings by hand.
type bell struct {
	at   uint64
	set  bool
	sets int
}

func (b *bell) Set(_ *lock.Holder, at uint64) { b.at, b.set = at, true; b.sets++ }
func (b *bell) Cancel(*lock.Holder) bool {
	was := b.set
	b.set = false
	return was
}

type vcpu struct {
	Timers
	h                    *lock.Holder
	single, poll, period bell
}

func newVCPU() *vcpu {
	v := &vcpu{h: &lock.Holder{}}
	v.Init(&v.single, &v.poll, &v.period)
	return v
}

func TestSingleShot(t *testing.T) {
	v := newVCPU()
	require.Zero(t, v.SetSingle(v.h, 100, 500, true))
	assert.Equal(t, bell{500, true, 1}, v.single)
	assert.False(t, v.RingSingle(v.h, 499), "too early")
	assert.True(t, v.RingSingle(v.h, 500))
	assert.False(t, v.RingSingle(v.h, 501), "a second time")

	require.Equal(t, hypercall.ETIME, v.SetSingle(v.h, 100, 99, true))
	assert.Equal(t, 1, v.single.sets, "a time that was refused")
	require.Zero(t, v.SetSingle(v.h, 100, 100, true))
	require.Zero(t, v.SetSingle(v.h, 100, 99, false), "a time that has passed rings at once")
	assert.True(t, v.RingSingle(v.h, 100))

	v.SetTimer(v.h, 100, 700)
	v.SetTimer(v.h, 100, 900)
	assert.False(t, v.RingSingle(v.h, 700), "it was moved")
	v.SetTimer(v.h, 100, 0)
	assert.False(t, v.single.set)
	assert.False(t, v.RingSingle(v.h, 1000), "it was stopped while it rang")
	v.StopSingle(v.h)
	v.h.AssertNone()
}

// Times are signed where a guest may mean it, and nonsense where it can't.
func TestTimesThatAreNegativeOrFarOff(t *testing.T) {
	v := newVCPU()
	require.Zero(t, v.SetSingle(v.h, 100, 1<<63, true))
	assert.True(t, v.RingSingle(v.h, 100))
	v.SetPoll(v.h, ^uint64(0))
	assert.True(t, v.RingPoll(v.h, 100))
	for _, at := range []uint64{1 << 63, ^uint64(0), 101 + 1<<50} {
		v.SetTimer(v.h, 100, at)
		assert.False(t, v.RingSingle(v.h, 99+100_000_000))
		assert.True(t, v.RingSingle(v.h, 100+100_000_000))
	}
	v.SetTimer(v.h, 100, 100+1<<50)
	assert.False(t, v.RingSingle(v.h, 99+1<<50))
	assert.True(t, v.RingSingle(v.h, 100+1<<50))
}

func TestPollTimeout(t *testing.T) {
	v := newVCPU()
	v.SetPoll(v.h, 50)
	assert.True(t, v.poll.set)
	assert.True(t, v.RingPoll(v.h, 50))
	v.SetPoll(v.h, 60)
	v.StopPoll(v.h)
	assert.False(t, v.poll.set)
	assert.False(t, v.RingPoll(v.h, 60))
}

func TestPeriodic(t *testing.T) {
	const ms = 1_000_000
	v := newVCPU()
	for _, bad := range []uint64{0, MinPeriod - 1, maxPeriod + 1, ^uint64(0)} {
		require.Equal(t, hypercall.EINVAL, v.SetPeriodic(v.h, 0, bad))
	}
	require.Zero(t, v.SetPeriodic(v.h, 5*ms, 10*ms))
	assert.False(t, v.period.set, "the vCPU is on no pCPU")
	assert.False(t, v.Enter(v.h, 6*ms))
	assert.EqualValues(t, 15*ms, v.period.at)
	assert.False(t, v.RingPeriodic(v.h, 14*ms))
	assert.True(t, v.RingPeriodic(v.h, 16*ms), "late")
	assert.EqualValues(t, 25*ms, v.period.at, "lateness does not add up")

	v.Leave(v.h)
	assert.False(t, v.period.set)
	assert.False(t, v.RingPeriodic(v.h, 25*ms), "it was just leaving")
	assert.True(t, v.Enter(v.h, 67*ms), "one tick for all that were missed")
	assert.EqualValues(t, 75*ms, v.period.at)
	v.Leave(v.h)
	assert.False(t, v.Enter(v.h, 68*ms))

	v.StopPeriodic(v.h)
	assert.False(t, v.period.set)
	assert.False(t, v.RingPeriodic(v.h, 75*ms))
	v.Leave(v.h)
	assert.False(t, v.Enter(v.h, 100*ms))
	assert.False(t, v.period.set)
}

// 10 ms over a second, with an alarm that is late by up to 300 µs and a vCPU that
// is moved about: 100 ticks, each within 1 % of where it belongs.
func TestPeriodicIsAccurate(t *testing.T) {
	const period, end = 10_000_000, 1_000_000_000
	r := rand.New(rand.NewPCG(3, 4))
	v := newVCPU()
	require.Zero(t, v.SetPeriodic(v.h, 0, period))
	v.Enter(v.h, 0)
	ticks := uint64(0)
	for now := uint64(0); v.period.at <= end; {
		now = v.period.at + r.Uint64N(300_000)
		if r.IntN(4) == 0 { // it is elsewhere at the moment
			v.Leave(v.h)
			require.False(t, v.RingPeriodic(v.h, now))
			now += 1000
			require.True(t, v.Enter(v.h, now))
		} else {
			require.True(t, v.RingPeriodic(v.h, now))
		}
		ticks++
		require.InDelta(t, float64(ticks*period), float64(now), end/100)
	}
	assert.EqualValues(t, 100, ticks)
}

// Alarms ring on one CPU while the vCPU sets them on another: what was set last
// rings once, and what was stopped does not.
func TestRingWhileSetting(t *testing.T) {
	v := newVCPU()
	var wg sync.WaitGroup
	var rang [2]int
	for id := range 2 {
		wg.Go(func() {
			h := &lock.Holder{CPU: uint32(id)}
			for i := range uint64(3000) {
				if id == 0 {
					v.SetSingle(h, i, i, false)
					v.SetPeriodic(h, i, MinPeriod)
					v.Enter(h, i)
					v.Leave(h)
				}
				if v.RingSingle(h, i) {
					rang[id]++
				}
				v.RingPeriodic(h, i)
			}
		})
	}
	wg.Wait()
	assert.LessOrEqual(t, rang[0]+rang[1], 3000)
	assert.NotZero(t, rang[0]+rang[1])
}
