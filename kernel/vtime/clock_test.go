package vtime

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// guest computes the time from the published fields with the arithmetic of the
// public header, at unlimited width.
func guest(c Clock, tsc uint64) *big.Int {
	v := new(big.Int).SetUint64(tsc - c.TSC)
	if c.Shift >= 0 {
		v.Lsh(v, uint(c.Shift))
	} else {
		v.Rsh(v, uint(-c.Shift))
	}
	v.Mul(v, big.NewInt(int64(c.Mul)))
	v.Rsh(v, 32)
	return v.Add(v, new(big.Int).SetUint64(c.System))
}

var rates = []uint64{1_000_000, 4_000_000, 10_000_000, 999_999_999, 1_000_000_000, 1_000_000_001, 1_999_999_999, 2_000_000_000, 2_893_202_000, 5_700_000_001, 1 << 40}

func TestRateIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	some := rates
	for range 300 {
		some = append(some, MinHz+r.Uint64N(6_000_000_000))
	}
	for _, hz := range some {
		c := NewClock(hz, 0, 0)
		require.GreaterOrEqual(t, c.Mul, uint32(1<<31))
		const seconds = 1_000_000
		got := guest(c, seconds*hz)
		diff := new(big.Int).Sub(got, new(big.Int).Mul(big.NewInt(seconds), big.NewInt(second)))
		assert.LessOrEqual(t, diff.Abs(diff).Int64(), int64(seconds)/4+1, "%d Hz: off by more than a quarter in 10^9", hz)
		assert.InEpsilon(t, float64(hz), float64(c.Hz()), 1e-6, "as a guest computes it, %d Hz", hz)
	}
}

func TestRatesOutOfBounds(t *testing.T) {
	assert.Equal(t, NewClock(MinHz, 5, 6), NewClock(0, 5, 6))
	assert.Equal(t, NewClock(MaxHz, 5, 6), NewClock(^uint64(0), 5, 6))
}

// A clock whose point is moved again and again: at no TSC does the new one show
// less than the old one, nor more than two nanoseconds more.
func TestRebaseNeverGoesBack(t *testing.T) {
	for _, hz := range rates {
		old := NewClock(hz, 1<<50, 12345)
		for range 1000 {
			c := old.Rebase(old.TSC + hz/977 + 3)
			for i := range uint64(50) {
				was, is := old.At(c.TSC+i*7919), c.At(c.TSC+i*7919)
				if is < was || is > was+2 {
					require.Fail(t, "the clocks differ", "%d Hz: %d, then %d", hz, was, is)
				}
			}
			old = c
		}
	}
}

func FuzzClock(f *testing.F) {
	f.Add(uint64(2_893_202_000), uint64(77), uint64(99), uint64(1_000_000_000), uint64(5))
	f.Add(uint64(1_000_000), uint64(0), uint64(0), uint64(1)<<52, uint64(0))
	f.Add(uint64(1)<<40, uint64(1)<<63, uint64(1)<<61, uint64(1)<<62, uint64(1)<<61)
	f.Fuzz(func(t *testing.T, hz, tsc, system, delta, wait uint64) {
		hz = min(max(hz, MinHz), MaxHz)
		system >>= 2
		delta >>= 12 // 142 years at 1 MHz, 18 hours at the highest rate
		tsc >>= 1
		c := NewClock(hz, tsc, system)

		// The hypervisor and a guest compute the same.
		got := c.At(tsc + delta)
		require.Zero(t, guest(c, tsc+delta).Cmp(new(big.Int).SetUint64(got)))

		// It is right to 1 in 10^9, but for what the shift and the rounding drop.
		exact := new(big.Int).SetUint64(delta)
		exact.Mul(exact, big.NewInt(second))
		exact.Div(exact, new(big.Int).SetUint64(hz))
		diff := new(big.Int).Sub(new(big.Int).SetUint64(got-system), exact)
		bound := new(big.Int).Div(exact, big.NewInt(second))
		require.LessOrEqual(t, diff.Abs(diff).Cmp(bound.Add(bound, big.NewInt(3))), 0, "off by %v", diff)

		require.LessOrEqual(t, got, c.At(tsc+delta+1))

		// First is the first, exactly.
		wait >>= 4
		at := c.First(system + wait)
		if at == ^uint64(0) {
			return
		}
		if (at-tsc)>>40 == 0 { // where At has no overflow at any rate
			require.GreaterOrEqual(t, c.At(at), system+wait)
			if at > tsc {
				require.Less(t, c.At(at-1), system+wait)
			}
		}
	})
}

func TestFirst(t *testing.T) {
	c := NewClock(1_000_000_000, 100, 1000)
	assert.EqualValues(t, 100, c.First(0))
	assert.EqualValues(t, 100, c.First(1000))
	assert.Equal(t, ^uint64(0), c.First(^uint64(0)))
	for _, hz := range rates {
		c := NewClock(hz, 1<<45, 777)
		for ns := uint64(777); ns < 777+5000; ns += 7 {
			at := c.First(ns)
			require.GreaterOrEqual(t, c.At(at), ns)
			if at > c.TSC {
				require.Less(t, c.At(at-1), ns)
			}
		}
	}
}
