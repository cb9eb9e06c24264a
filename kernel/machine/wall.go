package machine

import "tuco/kernel/domain"

// PublishWall tells a domain what time it was at system time 0.
func PublishWall(d *domain.Domain) {
	const second = 1_000_000_000
	d.Wall.Publish(d.Shared, epoch/second, uint32(epoch%second))
}
