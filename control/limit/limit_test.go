package limit_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/limit"
)

var start = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

func TestTake(t *testing.T) {
	b := limit.New(100, 50)
	assert.Zero(t, b.Take(50, start), "the burst")
	assert.Equal(t, 10*time.Millisecond, b.Take(1, start))
	assert.Equal(t, 2*time.Second+10*time.Millisecond, b.Take(200, start), "a large one passes, and is paid for")
	assert.Zero(t, b.Take(0, start.Add(2011*time.Millisecond)))
	assert.Equal(t, time.Second, b.Take(150, start.Add(time.Hour)), "no more than the burst is saved")
	assert.Equal(t, time.Second, b.Take(0, start), "a clock that goes back gives nothing")
}

func TestAllow(t *testing.T) {
	b := limit.New(10, 3)
	for range 3 {
		require.True(t, b.Allow(1, start))
	}
	assert.False(t, b.Allow(1, start))
	assert.False(t, b.Allow(1, start.Add(50*time.Millisecond)))
	assert.True(t, b.Allow(1, start.Add(100*time.Millisecond)))
	assert.False(t, b.Allow(4, start.Add(time.Hour)), "more than the burst never is")
}

func TestNoLimit(t *testing.T) {
	var none *limit.Bucket
	for _, b := range []*limit.Bucket{none, {}, limit.New(0, 5)} {
		assert.Zero(t, b.Take(1<<40, start))
		assert.True(t, b.Allow(1<<40, start))
	}
	assert.True(t, limit.New(1, 0).Allow(1, start), "a token at least")
}

// TestRate: whatever is taken, and whenever, over a long time it is the rate.
func TestRate(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		rate, burst := 1+r.Float64()*1e6, 1+r.Float64()*1e5
		b := limit.New(rate, burst)
		now, used, largest := start, 0, 0
		for range 300 {
			n := r.IntN(1 + int(burst)*2)
			used, largest = used+n, max(largest, n)
			now = now.Add(b.Take(n, now))
			if r.IntN(4) == 0 {
				now = now.Add(time.Duration(r.IntN(int(time.Second))))
			}
		}
		most := burst + rate*now.Sub(start).Seconds() + float64(largest) + 1
		require.LessOrEqual(t, float64(used), most)
	}
}
