package vswitch

import (
	"fmt"
	"net/netip"
	"slices"
	"sync/atomic"

	"tuco/control/limit"
	"tuco/control/packet"
)

// Sink is where a port's frames go. Frames and their bytes are the caller's again when it returns, so it copies what it keeps. It
// may change a frame that is for the port's own address, which nobody else gets. It doesn't wait; what there is no room for is
// lost. Several goroutines may call it at once. A frame that was judged before the port was removed may come after.
type Sink interface {
	Deliver(frames []packet.Frame)
}

// Tap sees a port's frames. The same holds as for a Sink, but it must not change them.
type Tap interface {
	Frames(d Direction, frames []packet.Frame)
}

// Direction is whether a frame goes into the switch or comes out of it.
type Direction uint8

// Directions, as the port's owner sees them.
const (
	Sent     Direction = iota // into the switch
	Received                  // out of it
)

// Options are what a port is like.
type Options struct {
	Name string // for rules: letters, digits, and . _ -

	// MAC is the address that the port has for good. It may have none, and those that it turns out to have.
	MAC packet.MAC

	// Trusted says that the port is not filtered: a gateway or an uplink. A port with no MAC has to be.
	Trusted bool

	Addresses []netip.Addr // that a port which is not trusted may say it has
	IPv6      bool         // a port which is not trusted may use it

	MTU    int          // the most bytes after a frame's header: 1500
	Takes  packet.Takes // what its sink can take as it is
	Floods int          // frames in a second that may go to several ports: 1000
}

func (o *Options) fixed() bool { return o.MAC != packet.MAC{} }

func checkName(name string) error {
	const longest = 64
	good := name != "" && len(name) <= longest && name != anyPort
	for _, c := range []byte(name) {
		good = good && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-')
	}
	if _, err := netip.ParseAddr(name); !good || err == nil {
		return fmt.Errorf("%.70q can't be a port's name: use up to %d letters, digits and . _ -, not %q and no address", name, longest, anyPort)
	}
	return nil
}

// Stats counts a port's frames. Those sent came into the switch; each was delivered to some ports, or dropped for one reason.
type Stats struct {
	Sent, SentBytes         uint64
	Received, ReceivedBytes uint64
	Malformed               uint64 // sent: shorter than a header, or a packet that contradicts itself
	Spoofed                 uint64 // sent: with addresses that are not the port's, or of a kind that it may not send
	Flooded                 uint64 // sent: too many frames for several ports
	Denied                  uint64 // sent: a rule was against it
	NoRoom                  uint64 // sent: too many flows to remember
	Nowhere                 uint64 // sent: nobody has the address, or it is the port's own
	TooLong                 uint64 // sent: longer than the receiving port's MTU
}

// Port is a port of a switch.
type Port struct {
	s       *Switch
	options Options
	sink    Sink
	tap     atomic.Pointer[Tap]
	takes   atomic.Uint32 // packet.Takes

	// These are guarded by the switch's lock.
	addresses []netip.Addr
	floods    *limit.Bucket
	flows     int // that it has in the switch's table
	removed   bool
	stats     Stats
}

// SetTakes says what the port's sink can take from now on. Frames on their way are as they were.
func (p *Port) SetTakes(t packet.Takes) { p.takes.Store(uint32(t)) }

// Options are what the port is like. The addresses are those of the beginning, and so is what the sink can take.
func (p *Port) Options() Options { return p.options }

// Name is the port's name.
func (p *Port) Name() string { return p.options.Name }

// Stats are the port's counts.
func (p *Port) Stats() Stats {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.stats
}

// SetAddresses gives a port with a MAC other IP addresses. What it was allowed with the old ones is forgotten.
func (p *Port) SetAddresses(addresses ...netip.Addr) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.addresses = slices.Clone(addresses)
	p.s.flows.forget(func(f *flow) bool { return f.asker == p || f.answerer == p })
}

// SetTap has a tap see the port's frames from now on; nil ends it.
func (p *Port) SetTap(t Tap) {
	if t == nil {
		p.tap.Store(nil)
		return
	}
	p.tap.Store(&t)
}

// Remove takes the port away. Frames from it are dropped from now on.
func (p *Port) Remove() {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	p.removed = true
	s.ports = slices.DeleteFunc(s.ports, func(q *Port) bool { return q == p })
	s.table.forget(p)
	s.flows.forget(func(f *flow) bool { return f.asker == p || f.answerer == p })
}
