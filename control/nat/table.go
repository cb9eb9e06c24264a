package nat

import (
	"fmt"
	"net/netip"
	"sync"
	"time"

	"tuco/control/packet"
)

// Options are what a table is like. A zero means the usual.
type Options struct {
	Address     netip.Addr       // of the uplink, IPv4
	First, Last uint16           // ports for the guests: 20000 to 59999
	Each        int              // the most conversations that a guest may begin, and as many begun with it: 2048
	Now         func() time.Time // time.Now

	// Open tells whether guests may begin conversations with a remote. One that the remote has begun goes on all the same. Nil: they may with any.
	Open func(protocol uint8, remote netip.AddrPort) bool
}

// Stats counts packets.
type Stats struct {
	Out, In     uint64 // translated
	Begun       uint64 // conversations
	Unsupported uint64 // refused: fragments, options, other protocols
	TooMany     uint64 // refused: the guest has too many conversations, or no port is free
	Unknown     uint64 // refused: what belongs to nothing that is known and can't begin anything
	Closed      uint64 // refused: it would begin what guests may not begin
}

// Table is the conversations of a network's guests.
type Table struct {
	options Options

	mu       sync.Mutex
	out      map[outKey]*conversation
	in       map[inKey]*conversation
	forwards map[service]netip.AddrPort
	begun    map[netip.Addr]*counts
	swept    time.Time
	stats    Stats
}

// outKey is what a guest's packet looks like, and inKey what comes for it.
type outKey struct {
	guest, remote         [4]byte
	guestPort, remotePort uint16
	protocol              uint16
}

type inKey struct {
	remote           [4]byte
	port, remotePort uint16
	protocol         uint16
}

// service is a port of the uplink's address.
type service struct {
	protocol uint8
	port     uint16
}

// counts are a guest's conversations: those that it began, and those begun from outside.
type counts [2]int

const (
	byGuest = iota
	fromOutside
)

// New makes an empty table.
func New(o Options) (*Table, error) {
	const first, last, each = 20000, 59999, 2048
	if o.First == 0 && o.Last == 0 {
		o.First, o.Last = first, last
	}
	if o.Each == 0 {
		o.Each = each
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Open == nil {
		o.Open = func(uint8, netip.AddrPort) bool { return true }
	}
	if !o.Address.Is4() {
		return nil, fmt.Errorf("%v can't stand for guests: the uplink needs an IPv4 address", o.Address)
	}
	if o.First == 0 || o.First > o.Last {
		return nil, fmt.Errorf("ports %d to %d are none: the first has to be 1 or more, and not behind the last", o.First, o.Last)
	}
	return &Table{
		options: o, out: map[outKey]*conversation{}, in: map[inKey]*conversation{},
		forwards: map[service]netip.AddrPort{}, begun: map[netip.Addr]*counts{},
	}, nil
}

// Forward has conversations that begin at a port of the uplink's address, by TCP or UDP, go to a guest's. It fails if the port is taken.
func (t *Table) Forward(protocol uint8, port uint16, to netip.AddrPort) error {
	if protocol != packet.TCP && protocol != packet.UDP {
		return fmt.Errorf("protocol %d can't be forwarded: use TCP or UDP", protocol)
	}
	if port == 0 || to.Port() == 0 || !to.Addr().Is4() {
		return fmt.Errorf("port %d can't be forwarded to %v: use ports from 1 on, and a guest's IPv4 address", port, to)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if taken, ok := t.forwards[service{protocol, port}]; ok {
		return fmt.Errorf("port %d is forwarded to %v already: choose another, or end that first", port, taken)
	}
	t.forwards[service{protocol, port}] = to
	return nil
}

// Unforward ends a forward, and the conversations that began by it.
func (t *Table) Unforward(protocol uint8, port uint16) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.forwards, service{protocol, port})
	t.forget(func(c *conversation) bool {
		return c.by == fromOutside && c.in.protocol == uint16(protocol) && c.in.port == port
	})
}

// Forget ends all conversations of a guest, and the forwards to it.
func (t *Table) Forget(guest netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for s, to := range t.forwards {
		if to.Addr() == guest {
			delete(t.forwards, s)
		}
	}
	t.forget(func(c *conversation) bool { return c.guest.Addr() == guest })
	delete(t.begun, guest)
}

func (t *Table) forget(which func(*conversation) bool) {
	for _, c := range t.out {
		if which(c) {
			t.end(c)
		}
	}
}

// Stats are the table's counts.
func (t *Table) Stats() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stats
}

// Len is how many conversations there are. Some may be over.
func (t *Table) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.out)
}
