package timer

import (
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// exact is in*num/den, rounded down, or the largest number.
func exact(in, num, den uint64) uint64 {
	v := new(big.Int).SetUint64(in)
	v.Mul(v, new(big.Int).SetUint64(num))
	v.Div(v, new(big.Int).SetUint64(den))
	if !v.IsUint64() {
		return ^uint64(0)
	}
	return v.Uint64()
}

func TestScaleOverYears(t *testing.T) {
	const year = 365 * 24 * 3600
	for _, hz := range []uint64{1_000_000, 4_000_000, 50_000_000, 999_999_999, 1_000_000_000, 1_000_000_001, 2_893_202_000, 5_700_000_000} {
		s := NewScale(second, hz)
		for _, years := range []uint64{0, 1, 10, 100} {
			ticks := years*year*hz + 12345
			want, got := exact(ticks, second, hz), s.Apply(ticks)
			require.LessOrEqual(t, got, want)
			require.LessOrEqual(t, want-got, uint64(2), "%d Hz, %d years", hz, years)
		}
	}
}

func TestScaleSaturates(t *testing.T) {
	assert.Equal(t, ^uint64(0), NewScale(second, 1_000_000).Apply(1<<62))
	assert.Equal(t, ^uint64(0), NewScale(^uint64(0), 1).Apply(2))
	assert.Equal(t, ^uint64(0), NewScale(1, 1).Apply(^uint64(0)))
	assert.Zero(t, NewScale(1, ^uint64(0)).Apply(5))
}

func FuzzScale(f *testing.F) {
	f.Add(uint64(1), uint64(1), uint64(1))
	f.Add(^uint64(0), uint64(second), uint64(3_000_000_000))
	f.Add(uint64(1)<<63, ^uint64(0), uint64(1))
	f.Fuzz(func(t *testing.T, in, num, den uint64) {
		if num == 0 || den == 0 {
			t.Skip("not a ratio")
		}
		want, got := exact(in, num, den), NewScale(num, den).Apply(in)
		require.LessOrEqual(t, got, want)
		if want < 1<<63 {
			require.LessOrEqual(t, want-got, uint64(2))
		}
	})
}
