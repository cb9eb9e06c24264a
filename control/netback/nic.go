package netback

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"tuco/control/backend"
	"tuco/control/limit"
	"tuco/control/packet"
	"tuco/hypercall"
	"tuco/ring/netif"
)

// Port is where a guest's frames go: a port of the switch.
type Port interface {
	Receive(frames []packet.Frame)
	SetTakes(packet.Takes)
}

// Stats counts an interface's frames, over all of its connections.
type Stats struct {
	Sent, SentBytes  atomic.Uint64 // by the guest
	Received         atomic.Uint64
	Bad              atomic.Uint64 // sent: parts that leave their pages, or say what was not offered
	CopyErrors       atomic.Uint64 // frames with pages that the guest doesn't grant
	Dropped          atomic.Uint64 // to receive: too many wait
	Unfit            atomic.Uint64 // to receive: the guest can't take it so
	Notified, Events atomic.Uint64 // notifications to the guest, and from it
}

// NIC is a guest's network interface. It is the driver of its device and the sink of its port.
type NIC struct {
	Stats Stats
	Clock limit.Clock // the machine's, if nobody sets another before the interface is served

	port    Port
	mu      sync.RWMutex
	session *session // nil while the guest is not connected
}

// New is an interface that is joined to no port yet.
func New() *NIC { return &NIC{Clock: limit.System{}} }

// Join has the guest's frames go to a port. It comes before the interface is served.
func (n *NIC) Join(p Port) { n.port = p }

// Offer implements backend.Driver.
func (n *NIC) Offer() map[string]string {
	return map[string]string{
		netif.KeyScatter: "1", netif.KeyGSOTCPv4: "1", netif.KeyGSOTCPv6: "1", netif.KeyIPv6Checksum: "1",
		netif.KeyRXCopy: "1", netif.KeyRXFlip: "0", netif.KeySplitChannels: "0", netif.KeyMaxQueues: "1",
	}
}

// Ready implements backend.Driver.
func (n *NIC) Ready() hypercall.XenbusState { return hypercall.XenbusStateConnected }

// Connect implements backend.Driver.
func (n *NIC) Connect(p *backend.Peer) (backend.Session, map[string]string, error) {
	takes, scatter, err := negotiate(p)
	if err != nil {
		return nil, nil, err
	}
	s, err := connect(n, p, takes, scatter)
	if err != nil {
		return nil, nil, err
	}
	n.mu.Lock()
	n.session = s
	n.mu.Unlock()
	n.port.SetTakes(takes)
	s.start()
	return s, nil, nil
}

// negotiate finds out what a front end can take, and whether it is one that can be served.
func negotiate(p *backend.Peer) (takes packet.Takes, scatter bool, err error) {
	flag := func(node string) bool {
		v, e := p.Flag(node)
		err = errors.Join(err, e)
		return v
	}
	rxCopy, rxNotify := flag(netif.KeyRequestRXCopy), flag(netif.KeyRXNotify)
	scatter = flag(netif.KeyScatter)
	noChecksum, checksum6 := flag(netif.KeyNoChecksum), flag(netif.KeyIPv6Checksum)
	gso4, gso6 := flag(netif.KeyGSOTCPv4), flag(netif.KeyGSOTCPv6)
	queues, e := p.Number(netif.KeyQueues, 1, 1)
	if err = errors.Join(err, e); err != nil {
		return 0, false, err
	}
	switch {
	case !rxCopy:
		return 0, false, fmt.Errorf("%s is not 1: the front end wants pages exchanged, and has to have them copied", netif.KeyRequestRXCopy)
	case !rxNotify:
		return 0, false, fmt.Errorf("%s is not 1: the front end has to tell of new pages", netif.KeyRXNotify)
	case queues != 1:
		return 0, false, fmt.Errorf("%s is 0: there has to be a queue", netif.KeyQueues)
	}
	for _, c := range []struct {
		can  bool
		what packet.Takes
	}{{!noChecksum, packet.TakesBlank4}, {checksum6, packet.TakesBlank6}, {gso4 && scatter, packet.TakesTCPv4}, {gso6 && scatter, packet.TakesTCPv6}} {
		if c.can {
			takes |= c.what
		}
	}
	return takes, scatter, nil
}

// Deliver implements vswitch.Sink. What comes while the guest is not connected is lost.
func (n *NIC) Deliver(frames []packet.Frame) {
	n.mu.RLock()
	s := n.session
	n.mu.RUnlock()
	if s == nil {
		n.Stats.Dropped.Add(uint64(len(frames)))
		return
	}
	s.rx.deliver(frames)
}

// left notes that a session is over.
func (n *NIC) left(s *session) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.session == s {
		n.session = nil
	}
}
