// Package limit keeps what a guest may use per second.
//
// A [Bucket] holds tokens, up to a burst, and gets new ones at a rate. Whoever uses something takes tokens for it. The bucket may
// go into debt: what has begun is not cut in two, but whoever comes next waits until the debt is paid. So a request that is larger than
// the burst passes too, and the rate holds over any long time:
//
//	used in t seconds <= burst + rate*t + the largest single use
//
// Time is an argument. A bucket knows no clock, so a test needs none.
package limit

import (
	"math"
	"sync"
	"time"
)

// A Clock tells the time and waits.
type Clock interface {
	Now() time.Time
	After(time.Duration) <-chan time.Time
}

// System is the clock of the machine.
type System struct{}

// Now implements Clock.
func (System) Now() time.Time { return time.Now() }

// After implements Clock.
func (System) After(d time.Duration) <-chan time.Time { return time.After(d) }

// A Bucket limits a rate. The zero Bucket, and a nil one, limit nothing. Several goroutines may use it at once.
type Bucket struct {
	rate, burst float64

	mu     sync.Mutex
	tokens float64
	at     time.Time // when the tokens were counted
}

// New is a full bucket with a rate, in tokens per second, and a burst. A rate of 0 is no limit; a burst of less than a token is one.
func New(rate, burst float64) *Bucket {
	burst = max(burst, 1)
	return &Bucket{rate: rate, burst: burst, tokens: burst}
}

// Take takes tokens, and returns how long whoever takes them has to wait before going on: usually not at all.
func (b *Bucket) Take(n int, now time.Time) (wait time.Duration) {
	if b == nil || b.rate <= 0 {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(now)
	b.tokens -= float64(n)
	if b.tokens >= 0 {
		return 0
	}
	return time.Duration(min(math.Ceil(-b.tokens/b.rate*float64(time.Second)), math.MaxInt64/2))
}

// Allow takes tokens if there are as many, and tells whether there were.
func (b *Bucket) Allow(n int, now time.Time) bool {
	if b == nil || b.rate <= 0 {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(now)
	if b.tokens < float64(n) {
		return false
	}
	b.tokens -= float64(n)
	return true
}

// fill adds what came since the last time. A clock that goes back adds nothing.
func (b *Bucket) fill(now time.Time) {
	if b.at.IsZero() {
		b.at = now
	}
	if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.tokens = min(b.tokens+passed*b.rate, b.burst)
		b.at = now
	}
}
