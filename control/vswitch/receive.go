package vswitch

import (
	"time"

	"tuco/control/packet"
)

// chunk is how many frames are judged with the lock held.
const chunk = 64

// batch is what a call of Receive works with.
type batch struct {
	infos  [chunk]packet.Info
	out    []delivery
	frames []packet.Frame // for one port
	room   []byte         // for segments
}

// batch is one that nobody uses.
func (s *Switch) batch() *batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.spare)
	if n == 0 {
		return new(batch)
	}
	b := s.spare[n-1]
	s.spare = s.spare[:n-1]
	return b
}

// putBack keeps a batch for the next call. There are not more of them than calls at once, of which a few are enough.
func (s *Switch) putBack(b *batch) {
	const few = 8
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.spare) < few {
		s.spare = append(s.spare, b)
	}
}

// delivery is a frame on its way to a port. A frame that goes to several is there several times.
type delivery struct {
	to    *Port // nil when it is done
	frame int
}

// Receive takes frames that were sent into the port. The frames and their bytes may be changed, and are the caller's again when it
// returns. Several goroutines may call it at once.
func (p *Port) Receive(frames []packet.Frame) {
	if len(frames) == 0 {
		return
	}
	if t := p.tap.Load(); t != nil {
		(*t).Frames(Sent, frames)
	}
	b := p.s.batch()
	for now := p.s.now(); len(frames) > 0; {
		n := min(len(frames), chunk)
		b.judge(p, frames[:n], now)
		b.deliver(frames[:n])
		frames = frames[n:]
	}
	p.s.putBack(b)
}

// judge decides where frames go.
func (b *batch) judge(p *Port, frames []packet.Frame, now time.Time) {
	b.out = b.out[:0]
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if p.removed {
		return
	}
	for i := range frames {
		f := &frames[i]
		p.stats.Sent++
		p.stats.SentBytes += uint64(len(f.Data))
		if reason := b.judgeOne(p, f, i, now); reason != nil {
			*reason++
		}
	}
}

// judgeOne decides where a frame goes. If it goes nowhere, the reason is the counter that says why.
func (b *batch) judgeOne(p *Port, f *packet.Frame, i int, now time.Time) (reason *uint64) {
	info, err := packet.Parse(f.Data)
	if err == nil {
		err = info.Check(f)
	}
	if err != nil || len(f.Data) > packet.MaxFrame {
		return &p.stats.Malformed
	}
	if f.Blank {
		info.Seed(f) // whatever stood there
	}
	b.infos[i] = info
	src, dst := packet.Source(f.Data), packet.Destination(f.Data)
	s := p.s
	if !p.options.Trusted {
		if !p.own(f.Data, &info) {
			return &p.stats.Spoofed
		}
	} else if !s.table.learn(src, p, now) {
		return &p.stats.Spoofed
	}
	if reserved(dst) {
		return &p.stats.Nowhere
	}
	if !dst.Group() {
		if to, _ := s.table.find(dst, now); to == p {
			return &p.stats.Nowhere
		} else if to != nil {
			return b.pass(p, to, f, i, now)
		}
	}
	return b.flood(p, f, i, now)
}

// reserved tells whether an address is one of those that no bridge passes on (IEEE 802.1Q, "Reserved addresses").
func reserved(m packet.MAC) bool {
	return m[0] == 1 && m[1] == 0x80 && m[2] == 0xc2 && m[3] == 0 && m[4] == 0 && m[5] < 16
}

// flood sends a frame to all ports that may be meant.
func (b *batch) flood(p *Port, f *packet.Frame, i int, now time.Time) (reason *uint64) {
	if !p.floods.Allow(1, now) {
		return &p.stats.Flooded
	}
	group := packet.Destination(f.Data).Group()
	reason = &p.stats.Nowhere
	passed := false
	for _, to := range p.s.ports {
		if to == p || !group && to.options.fixed() {
			continue
		}
		if why := b.pass(p, to, f, i, now); why == nil {
			passed = true
		} else {
			reason = why
		}
	}
	if passed {
		return nil
	}
	return reason
}

// pass sends a frame to a port, if the rules are for it.
func (b *batch) pass(p, to *Port, f *packet.Frame, i int, now time.Time) (reason *uint64) {
	info := &b.infos[i]
	longest := len(f.Data)
	if f.Segments != packet.Whole {
		longest = info.Payload + int(f.MSS)
	}
	if longest > packet.HeaderLen+to.options.MTU {
		return &p.stats.TooLong
	}
	if reason := p.s.permit(p, to, f.Data, info, now); reason != nil {
		return reason
	}
	to.stats.Received++
	to.stats.ReceivedBytes += uint64(len(f.Data))
	b.out = append(b.out, delivery{to, i})
	return nil
}

// permit asks the rules whether a frame may pass.
func (s *Switch) permit(p, to *Port, data []byte, info *packet.Info, now time.Time) (reason *uint64) {
	if s.rules.trivial() || info.EtherType != packet.IPv4 && info.EtherType != packet.IPv6 || isDHCP(p, to, info) {
		return nil
	}
	if s.flows.known(p, to, data, info, now) {
		return nil
	}
	if s.rules.judge(p, to, info) == Deny {
		return &p.stats.Denied
	}
	if !s.flows.remember(p, to, info, now) {
		return &p.stats.NoRoom
	}
	return nil
}

// isDHCP tells whether a packet is of DHCP, to a port that is trusted or from one. Without it a guest has no address that a
// rule could be about.
func isDHCP(p, to *Port, info *packet.Info) bool {
	if info.Protocol != packet.UDP || info.Part {
		return false
	}
	if !p.options.Trusted {
		return to.options.Trusted && (info.SrcPort == dhcpClient && info.DstPort == dhcpServer || info.SrcPort == dhcp6Client && info.DstPort == dhcp6Server)
	}
	return info.SrcPort == dhcpServer && info.DstPort == dhcpClient || info.SrcPort == dhcp6Server && info.DstPort == dhcp6Client
}
