package nat

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"tuco/control/packet"
)

// conversation is one between a guest and somebody outside.
type conversation struct {
	out      outKey
	in       inKey
	guest    netip.AddrPort
	port     netip.AddrPort // of the uplink
	by       int            // who began it
	seen     time.Time
	answered bool
	ending   bool // one side has ended its TCP connection
}

// over tells whether a conversation has been silent for too long. The times are those of RFC 5382, RFC 4787 and RFC 5508.
func (c *conversation) over(now time.Time) bool {
	const connection, attempt = 2*time.Hour + 4*time.Minute, 4 * time.Minute
	const datagrams, echo = 5 * time.Minute, time.Minute
	limit := echo
	switch c.in.protocol {
	case packet.TCP:
		if limit = attempt; c.answered && !c.ending {
			limit = connection
		}
	case packet.UDP:
		limit = datagrams
	}
	return now.Sub(c.seen) > limit
}

// reversed tells whether a guest's packet would begin a connection anew that the other side has begun. The other side may have forgotten it by now, and take
// it for one that the guest begins.
func (c *conversation) reversed(f *packet.Frame, info *packet.Info) bool {
	return c.by == fromOutside && info.Protocol == packet.TCP && begins(f, info)
}

// touch notes a packet of a conversation, which the side that began it sent, or the other.
func (c *conversation) touch(info *packet.Info, sender int, now time.Time) {
	c.seen = now
	c.answered = c.answered || sender != c.by
	if info.Protocol == packet.TCP && info.Flags&(packet.FIN|packet.RST) != 0 {
		c.ending = true
	}
}

// begin begins a conversation between a guest and a remote by a port of the uplink. It fails if the guest has too many.
func (t *Table) begin(by int, protocol uint8, guest, remote netip.AddrPort, port uint16, now time.Time) *conversation {
	n := t.begun[guest.Addr()]
	if n == nil {
		n = new(counts)
		t.begun[guest.Addr()] = n
	}
	if n[by] >= t.options.Each {
		if t.sweep(now); n[by] >= t.options.Each {
			return nil
		}
	}
	c := &conversation{
		out: outKey{guest.Addr().As4(), remote.Addr().As4(), guest.Port(), remote.Port(), uint16(protocol)},
		in:  inKey{remote.Addr().As4(), port, remote.Port(), uint16(protocol)}, by: by, guest: guest,
		port: netip.AddrPortFrom(t.options.Address, port), seen: now,
	}
	for _, old := range []*conversation{t.out[c.out], t.in[c.in]} {
		if old != nil {
			t.end(old)
		}
	}
	t.out[c.out], t.in[c.in] = c, c
	n[by]++
	t.stats.Begun++
	return c
}

func (t *Table) end(c *conversation) {
	delete(t.out, c.out)
	delete(t.in, c.in)
	if n := t.begun[c.guest.Addr()]; n != nil {
		n[c.by]--
	}
}

// freePort finds a port that no conversation with the remote has. It looks at some only: if they are all taken, there are few.
func (t *Table) freePort(protocol uint8, remote netip.AddrPort, now time.Time) (port uint16, ok bool) {
	const tries = 64
	first, n := int(t.options.First), int(t.options.Last-t.options.First)+1
	at := rand.IntN(n)
	for i := range min(tries, n) {
		port = uint16(first + (at+i)%n)
		if _, taken := t.forwards[service{protocol, port}]; taken {
			continue
		}
		if c := t.in[inKey{remote.Addr().As4(), port, remote.Port(), uint16(protocol)}]; c == nil || c.over(now) {
			return port, true
		}
	}
	return 0, false
}

// sweep ends what is over. It is done once a second at most.
func (t *Table) sweep(now time.Time) {
	if now.Sub(t.swept) < time.Second {
		return
	}
	t.swept = now
	t.forget(func(c *conversation) bool { return c.over(now) })
}
