package dhcp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"tuco/control/limit"
	"tuco/control/packet"
)

// Lease is what a server gives a client.
type Lease struct {
	Address  netip.Prefix
	Router   netip.Addr
	Servers  []netip.AddrPort // of DNS
	Duration time.Duration    // after half of it, it should be renewed
}

// Client asks a server for an address: the host's own, on its uplink. It has no socket, as there is no address yet: it sends frames, and is given
// those that come.
type Client struct {
	MAC   packet.MAC
	Send  func(frames []packet.Frame)
	Clock limit.Clock

	in chan []byte
}

// NewClient is a client that has asked for nothing yet.
func NewClient(mac packet.MAC, send func([]packet.Frame), clock limit.Clock) *Client {
	const few = 8 // answers that wait to be looked at
	return &Client{MAC: mac, Send: send, Clock: clock, in: make(chan []byte, few)}
}

// Receive takes frames that have come. It keeps answers of DHCP, and no others.
func (c *Client) Receive(frames []packet.Frame) {
	for i := range frames {
		data := frames[i].Data
		info, err := packet.Parse(data)
		if err != nil || info.EtherType != packet.IPv4 || info.Protocol != packet.UDP || info.Part || info.SrcPort != ServerPort || info.DstPort != ClientPort {
			continue
		}
		select {
		case c.in <- append([]byte{}, data[info.Payload:info.End]...):
		default: // too many; the client asks again
		}
	}
}

// errRefused says that a server does not give what was asked for.
var errRefused = errors.New("the DHCP server refuses")

// Acquire gets an address. It asks until it is answered, or the context ends.
func (c *Client) Acquire(ctx context.Context) (Lease, error) {
	for {
		discover, err := dhcpv4.NewDiscovery(c.MAC[:], dhcpv4.WithBroadcast(true))
		if err != nil {
			return Lease{}, fmt.Errorf("DHCP: %w", err)
		}
		offer, err := c.exchange(ctx, discover, dhcpv4.MessageTypeOffer)
		if err != nil {
			return Lease{}, err
		}
		request, err := dhcpv4.NewRequestFromOffer(offer, dhcpv4.WithBroadcast(true))
		if err != nil {
			return Lease{}, fmt.Errorf("the DHCP server offers what can't be taken: %w", err)
		}
		ack, err := c.exchange(ctx, request, dhcpv4.MessageTypeAck)
		if errors.Is(err, errRefused) { // somebody else has it by now
			const pause = 10 * time.Second // RFC 2131 wants it where an address turned out to be taken
			select {
			case <-c.Clock.After(pause):
				continue
			case <-ctx.Done():
			}
		}
		if err != nil {
			return Lease{}, err
		}
		return leaseOf(ack)
	}
}

// Renew has a lease go on. When it fails before the lease has ended, it may be tried again; afterwards the address is not ours any more.
func (c *Client) Renew(ctx context.Context, l Lease) (Lease, error) {
	request, err := dhcpv4.New(dhcpv4.WithHwAddr(c.MAC[:]), dhcpv4.WithMessageType(dhcpv4.MessageTypeRequest),
		dhcpv4.WithClientIP(l.Address.Addr().AsSlice()), dhcpv4.WithRequestedOptions(dhcpv4.OptionSubnetMask, dhcpv4.OptionRouter, dhcpv4.OptionDomainNameServer))
	if err != nil {
		return Lease{}, fmt.Errorf("DHCP: %w", err)
	}
	ack, err := c.exchange(ctx, request, dhcpv4.MessageTypeAck)
	if err != nil {
		return Lease{}, err
	}
	return leaseOf(ack)
}

// exchange sends a message until there is an answer of some kind, or a refusal.
func (c *Client) exchange(ctx context.Context, m *dhcpv4.DHCPv4, want dhcpv4.MessageType) (*dhcpv4.DHCPv4, error) {
	const first, longest = time.Second, 16 * time.Second
	for wait := first; ; wait = min(2*wait, longest) {
		c.send(m)
		again := c.Clock.After(wait)
		for {
			data, err := c.next(ctx, again)
			if err != nil {
				return nil, err
			}
			if data == nil {
				break
			}
			answer, err := dhcpv4.FromBytes(data)
			if err != nil || answer.OpCode != dhcpv4.OpcodeBootReply || answer.TransactionID != m.TransactionID || !bytes.Equal(answer.ClientHWAddr, c.MAC[:]) {
				continue // somebody else's
			}
			switch answer.MessageType() {
			case want:
				return answer, nil
			case dhcpv4.MessageTypeNak:
				return nil, errRefused
			}
		}
	}
}

// next waits for an answer, until it is time to ask again: then there is none. Answers that are there come first.
func (c *Client) next(ctx context.Context, again <-chan time.Time) ([]byte, error) {
	select {
	case data := <-c.in:
		return data, nil
	default:
	}
	select {
	case data := <-c.in:
		return data, nil
	case <-again:
		return nil, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("no DHCP server has answered: %w", ctx.Err())
	}
}

// send broadcasts a message, from the address that the client has, if it has one.
func (c *Client) send(m *dhcpv4.DHCPv4) {
	from := netip.IPv4Unspecified()
	if a, ok := netip.AddrFromSlice(m.ClientIPAddr.To4()); ok {
		from = a
	}
	everybody := netip.AddrFrom4([4]byte{255, 255, 255, 255})
	frame := packet.MakeUDP(packet.Broadcast, c.MAC, netip.AddrPortFrom(from, ClientPort), netip.AddrPortFrom(everybody, ServerPort), m.ToBytes())
	c.Send([]packet.Frame{{Data: frame, Checked: true}})
}

// leaseOf is what a server says, if it makes sense.
func leaseOf(m *dhcpv4.DHCPv4) (Lease, error) {
	const forever, dns, bits = 24 * time.Hour, 53, 32
	address, ok := netip.AddrFromSlice(m.YourIPAddr.To4())
	ones, size := m.SubnetMask().Size()
	l := Lease{Address: netip.PrefixFrom(address, ones), Duration: m.IPAddressLeaseTime(forever)}
	if !ok || address.IsUnspecified() || address.IsMulticast() || address.IsLoopback() || size != bits || ones == 0 || l.Duration <= 0 {
		return Lease{}, fmt.Errorf("the DHCP server gives the address %v with the mask %v for %v, which can't be", m.YourIPAddr, m.SubnetMask(), l.Duration)
	}
	for _, r := range m.Router() {
		if a, ok := netip.AddrFromSlice(r.To4()); ok && l.Address.Contains(a) && a != address && !l.Router.IsValid() {
			l.Router = a
		}
	}
	for _, s := range m.DNS() {
		if a, ok := netip.AddrFromSlice(s.To4()); ok {
			l.Servers = append(l.Servers, netip.AddrPortFrom(a, dns))
		}
	}
	return l, nil
}
