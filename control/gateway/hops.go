package gateway

import (
	"bytes"
	"net/netip"
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"tuco/control/packet"
)

// hops knows the MACs of the machines that packets go to next.
type hops struct {
	now     func() time.Time
	resolve func(netip.Addr, func(packet.MAC, bool))
	forward func([]packet.Frame)

	mu    sync.Mutex
	known map[netip.Addr]*hop
}

type hop struct {
	mac     packet.MAC
	until   time.Time      // when it has to be asked for again
	asked   bool           // and has been
	waiting []packet.Frame // until the MAC is known
}

const (
	hopLifetime = 30 * time.Second
	hopFrames   = 32   // that wait for a MAC
	mostHops    = 1024 // all that a network of the usual size has
)

func makeHops(now func() time.Time, resolve func(netip.Addr, func(packet.MAC, bool)), forward func([]packet.Frame)) hops {
	return hops{now: now, resolve: resolve, forward: forward, known: map[netip.Addr]*hop{}}
}

// send gives a frame the MAC of its next hop. It tells whether it has one; else the frame is sent later, or dropped.
func (h *hops) send(to netip.Addr, f *packet.Frame, stats *Stats) bool {
	h.mu.Lock()
	n := h.known[to]
	now := h.now()
	if n != nil && now.Before(n.until) {
		copy(f.Data, n.mac[:])
		h.mu.Unlock()
		return true
	}
	if n == nil {
		if len(h.known) >= mostHops {
			clear(h.known) // they are found again
		}
		n = &hop{}
		h.known[to] = n
	}
	if len(n.waiting) < hopFrames {
		later := *f
		later.Data = bytes.Clone(f.Data)
		n.waiting = append(n.waiting, later)
	} else {
		stats.Unreachable.Add(1)
	}
	ask := !n.asked
	n.asked = true
	h.mu.Unlock()
	if ask {
		h.resolve(to, func(mac packet.MAC, ok bool) { h.resolved(to, n, mac, ok, stats) })
	}
	return false
}

// resolved sends what waited for a MAC, if it was found.
func (h *hops) resolved(to netip.Addr, n *hop, mac packet.MAC, ok bool, stats *Stats) {
	h.mu.Lock()
	waiting := n.waiting
	n.waiting, n.asked = nil, false
	if ok {
		n.mac, n.until = mac, h.now().Add(hopLifetime)
	} else if h.known[to] == n {
		delete(h.known, to)
	}
	h.mu.Unlock()
	if !ok {
		stats.Unreachable.Add(uint64(len(waiting)))
		return
	}
	for i := range waiting {
		copy(waiting[i].Data, mac[:])
	}
	if len(waiting) > 0 {
		h.forward(waiting)
	}
}

// resolve asks the host's TCP/IP for a MAC in the uplink's network.
func (g *Gateway) resolve(a netip.Addr, found func(packet.MAC, bool)) {
	err := g.stack.GetLinkAddress(g.outside.NIC(), addressOf(a), addressOf(g.config.Address.Addr()), ipv4.ProtocolNumber, func(r stack.LinkResolutionResult) {
		var mac packet.MAC
		ok := r.Err == nil && copy(mac[:], r.LinkAddress) == len(mac)
		found(mac, ok)
	})
	switch err.(type) {
	case nil, *tcpip.ErrWouldBlock: // the function was told, or will be
	default:
		found(packet.MAC{}, false)
	}
}
