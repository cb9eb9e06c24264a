package machine

import (
	"sync/atomic"

	"tuco/kernel/domain"
	"tuco/kernel/lock"
	"tuco/kernel/vtime"
)

// epoch is the wall clock at system time 0, in nanoseconds since 1970.
var epoch atomic.Uint64

// SetWall sets the wall clock, which was so much at a system time, and tells all
// domains.
func SetWall(h *lock.Holder, sec uint64, nsec uint32, at uint64) {
	const second = 1_000_000_000 // nanoseconds
	epoch.Store(vtime.Epoch(sec*second+uint64(nsec), at))
	for id := range domain.ID(MaxDomains) {
		if d := Find(id); d != nil {
			PublishWall(h, d)
		}
	}
}

// PublishWall tells a domain what time it was at system time 0.
func PublishWall(h *lock.Holder, d *domain.Domain) {
	d.Lock.Lock(h)
	if !d.Shutdown.Load() { // then its page may be somebody else's
		// Read under the lock: whoever publishes last publishes the latest.
		d.Wall.Publish(d.Shared, epoch.Load())
	}
	d.Lock.Unlock(h)
}
