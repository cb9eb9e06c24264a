package backendtest

import (
	"sync"
	"time"
)

// Clock implements limit.Clock. It goes on only when the test says so, or, if it is lively, whenever somebody waits for it.
type Clock struct {
	Lively bool

	mu      sync.Mutex
	now     time.Time
	waiting map[chan time.Time]time.Time
}

// Now implements limit.Clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.time()
}

// time is not before 2030, so that it isn't the zero time.
func (c *Clock) time() time.Time {
	if c.now.IsZero() {
		c.now = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return c.now
}

// After implements limit.Clock.
func (c *Clock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	if c.waiting == nil {
		c.waiting = map[chan time.Time]time.Time{}
	}
	come := make(chan time.Time, 1)
	c.waiting[come] = c.time().Add(d)
	c.mu.Unlock()
	if c.Lively {
		c.Pass(d)
	}
	return come
}

// Pass has time pass.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.time().Add(d)
	for come, when := range c.waiting {
		if !when.After(c.now) {
			come <- c.now
			delete(c.waiting, come)
		}
	}
}

// Waiting is how many wait.
func (c *Clock) Waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.waiting)
}
