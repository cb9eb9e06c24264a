package blkback

import (
	"sync/atomic"
	"time"
)

// Stats is how much a device was used, by all its connections.
type Stats struct {
	Reads, Writes, Flushes, Discards uint64
	BytesRead, BytesWritten          uint64
	Refused                          uint64 // requests that the front end should not have made
	Failed                           uint64 // that the disk could not do
	Events, Notifications            uint64 // that came, and that were sent
	Mapped, Unmapped                 uint64 // pages that are kept, or were
	Copies                           uint64 // segments that the hypervisor copied
	Throttled                        time.Duration
}

type counters struct {
	reads, writes, flushes, discards                         atomic.Uint64
	bytesRead, bytesWritten                                  atomic.Uint64
	refused, failed, events, notifications, mapped, unmapped atomic.Uint64
	copies                                                   atomic.Uint64
	throttled                                                atomic.Int64
}

// Stats is how much the device was used.
func (d *Driver) Stats() Stats {
	c := &d.stats
	return Stats{
		Reads: c.reads.Load(), Writes: c.writes.Load(), Flushes: c.flushes.Load(), Discards: c.discards.Load(),
		BytesRead: c.bytesRead.Load(), BytesWritten: c.bytesWritten.Load(),
		Refused: c.refused.Load(), Failed: c.failed.Load(), Events: c.events.Load(), Notifications: c.notifications.Load(),
		Mapped: c.mapped.Load(), Unmapped: c.unmapped.Load(), Copies: c.copies.Load(), Throttled: time.Duration(c.throttled.Load()),
	}
}
