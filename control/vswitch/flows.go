package vswitch

import (
	"net/netip"
	"time"

	"tuco/control/packet"
)

// flows are those that rules allowed, by what their answers look like.
type flows struct {
	entries map[flowKey]*flow
	each    int // the most that a port may have
	swept   time.Time
}

// flowKey is a packet's addresses and ports: plain bytes, which are found faster than addresses.
type flowKey struct {
	src, dst         [16]byte
	srcPort, dstPort uint16
	protocol         uint16
	family           uint16 // how long the addresses are: one of IPv6 may look like one of IPv4
}

// flow is a conversation that the asker began.
type flow struct {
	asker, answerer *Port
	seen            time.Time
	answered        bool
	ending          bool // one side has ended its TCP connection
}

func makeFlows(each int) flows { return flows{entries: map[flowKey]*flow{}, each: each} }

func makeKey(src, dst netip.Addr, srcPort, dstPort uint16, protocol uint8) flowKey {
	return flowKey{src.As16(), dst.As16(), srcPort, dstPort, uint16(protocol), uint16(src.BitLen())}
}

func keyOf(info *packet.Info) flowKey {
	return makeKey(info.Src, info.Dst, info.SrcPort, info.DstPort, info.Protocol)
}

// reversed is what an answer looks like.
func (k flowKey) reversed() flowKey {
	return flowKey{k.dst, k.src, k.dstPort, k.srcPort, k.protocol, k.family}
}

// old tells whether a flow has been silent for so long that it is over. The times are at least those of RFC 4787 (UDP); TCP's
// is shorter than RFC 5382 wants of a NAT, since here the asker may go on at any time: rules judge it again.
func (f *flow) old(protocol uint16, now time.Time) bool {
	const connection, conversation, attempt = time.Hour, 2 * time.Minute, 30 * time.Second
	limit := attempt
	switch {
	case protocol == packet.TCP && f.answered && !f.ending:
		limit = connection
	case protocol == packet.UDP:
		limit = conversation
	}
	return now.Sub(f.seen) > limit
}

// known tells whether a packet belongs to a flow that was allowed.
func (t *flows) known(from, to *Port, data []byte, info *packet.Info, now time.Time) bool {
	key := keyOf(info)
	if f := t.entries[key]; f != nil && f.answerer == from && f.asker == to && !f.old(key.protocol, now) {
		f.answered = true
		f.touch(info, now)
		return true
	}
	if f := t.entries[key.reversed()]; f != nil && f.asker == from && f.answerer == to && !f.old(key.protocol, now) {
		f.touch(info, now)
		return true
	}
	// An error is about a packet that went the other way.
	if q, ok := info.Error(data); ok {
		about := makeKey(q.Src, q.Dst, q.SrcPort, q.DstPort, q.Protocol)
		for _, key := range [...]flowKey{about, about.reversed()} {
			if f := t.entries[key]; f != nil && (f.asker == to && f.answerer == from || f.asker == from && f.answerer == to) {
				return true
			}
		}
	}
	return false
}

func (f *flow) touch(info *packet.Info, now time.Time) {
	f.seen = now
	if info.Protocol == packet.TCP && info.Flags&(packet.FIN|packet.RST) != 0 {
		f.ending = true
	}
}

// remember notes a flow that was allowed. It tells whether there is room.
func (t *flows) remember(from, to *Port, info *packet.Info, now time.Time) bool {
	key := keyOf(info).reversed()
	if old := t.entries[key]; old != nil {
		t.drop(key, old)
	}
	if from.flows >= t.each {
		if t.sweep(now); from.flows >= t.each {
			return false
		}
	}
	t.entries[key] = &flow{asker: from, answerer: to, seen: now}
	from.flows++
	return true
}

func (t *flows) drop(key flowKey, f *flow) {
	delete(t.entries, key)
	f.asker.flows--
}

// sweep forgets flows that are over. It is done once a second at most.
func (t *flows) sweep(now time.Time) {
	if now.Sub(t.swept) < time.Second {
		return
	}
	t.swept = now
	for key, f := range t.entries {
		if f.old(key.protocol, now) {
			t.drop(key, f)
		}
	}
}

// forget forgets some flows.
func (t *flows) forget(which func(*flow) bool) {
	for key, f := range t.entries {
		if which(f) {
			t.drop(key, f)
		}
	}
}
