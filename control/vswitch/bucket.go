package vswitch

import "time"

// bucket lets through so many things in a second, and as many at once.
type bucket struct {
	rate   int
	tokens int
	filled time.Time
}

func makeBucket(rate int, now time.Time) bucket { return bucket{rate: rate, tokens: rate, filled: now} }

// take tells whether one more may pass.
func (b *bucket) take(now time.Time) bool {
	if b.tokens == 0 {
		each := max(time.Second/time.Duration(b.rate), 1)
		since := now.Sub(b.filled)
		n := min(since/each, time.Duration(b.rate))
		if n <= 0 {
			return false
		}
		b.tokens = int(n)
		b.filled = now.Add(-since % each)
	}
	b.tokens--
	return true
}
