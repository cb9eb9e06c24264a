package vtime

import "tuco/kernel/sharedinfo"

// Offsets in struct vcpu_time_info.
const (
	timeVersion   = 0
	timeTimestamp = 8
	timeSystem    = 16
	timeMul       = 24
	timeRest      = 28
)

// Publisher writes a vCPU's clock to where the guest reads it. One CPU at a time
// uses it.
type Publisher struct {
	version uint32 // of what was written last; even
}

// Publish writes the clock to a vCPU's vcpu_info. flags are XEN_PVCLOCK_*.
func (p *Publisher) Publish(to *sharedinfo.Time, c *Clock, flags uint8) {
	p.PublishTo((*timeWords)(to), c, flags)
}

// PublishTo writes the clock elsewhere. False if that can't be written; a version
// that is odd may then stay there, which tells the guest that it is stale.
func (p *Publisher) PublishTo(to Area, c *Clock, flags uint8) bool {
	p.version += 2
	return to.Put32(timeVersion, p.version-1) && // odd: before anything else changes
		to.Put64(timeTimestamp, c.TSC) &&
		to.Put64(timeSystem, c.System) &&
		to.Put32(timeMul, c.Mul) &&
		to.Put32(timeRest, uint32(uint8(c.Shift))|uint32(flags)<<8) &&
		to.Put32(timeVersion, p.version) // even: after all has
}

// WallClock writes the wall clock to a domain's shared page. One CPU at a time
// uses it.
type WallClock struct {
	version uint32
}

// Publish says what time it was when the system time was 0: an Epoch.
func (w *WallClock) Publish(to *sharedinfo.Page, epoch uint64) {
	sec, nsec := epoch/second, uint32(epoch%second)
	w.version += 2
	to.WallVersion.Store(w.version - 1)
	to.WallSec.Store(uint32(sec))
	to.WallSecHi.Store(uint32(sec >> 32))
	to.WallNsec.Store(nsec)
	to.WallVersion.Store(w.version)
}

// Epoch is the wall clock at system time 0, in nanoseconds since 1970 in UTC, if at the
// system time now it is wall.
func Epoch(wall, now uint64) uint64 { return wall - min(now, wall) }
