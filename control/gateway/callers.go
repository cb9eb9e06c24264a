package gateway

import (
	"net/netip"
	"sync"
	"time"

	"tuco/control/limit"
	"tuco/control/packet"
)

// callers keeps guests from making more connections to the gateway itself than it has memory for: each lasts for as long as the guest likes to leave
// segments unanswered (see retries), and takes some 6 KiB meanwhile. All that guests have to ask for by connections is DNS, and answers that are too
// long for a packet are rare.
type callers struct {
	mu  sync.Mutex
	of  map[netip.Addr]*limit.Bucket
	all *limit.Bucket
}

// How many connections may begin: at once, and per second from then on.
const (
	callBurst, callRate         = 32, 1
	allCallsBurst, allCallsRate = 256, 16
)

// allow counts a connection that a guest begins, and tells whether it may.
func (c *callers) allow(guest netip.Addr, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil {
		c.of, c.all = map[netip.Addr]*limit.Bucket{}, limit.New(allCallsRate, allCallsBurst)
	}
	b := c.of[guest]
	if b == nil { // there are no more of them than addresses in the network: the switch lets nobody send from another's
		b = limit.New(callRate, callBurst)
		c.of[guest] = b
	}
	return b.Allow(1, now) && c.all.Allow(1, now)
}

// forget is for a guest that is gone.
func (c *callers) forget(guest netip.Addr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.of, guest)
}

// mayCall tells whether a frame for the gateway itself begins no connection, or one that may be. Parts of TCP's segments may not be there at all: in
// one of them the beginning could hide.
func (g *Gateway) mayCall(info *packet.Info) bool {
	if info.EtherType != packet.IPv4 || info.Protocol != packet.TCP {
		return true
	}
	if info.Part {
		return false
	}
	return info.Flags&(packet.SYN|packet.ACK) != packet.SYN || g.callers.allow(info.Src, g.config.Now())
}
