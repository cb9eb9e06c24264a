// Package dhcp gives guests the addresses that the book of their network has for them (RFC 2131).
//
// There are no leases to keep: an address is its guest's as long as the guest is in the book, whether it asks or not. So a server that
// is restarted knows as much as before, and answers depend on nothing but the request. Who is not in the book gets no answer; who asks for
// another address is told that it can't have it, so that it begins anew.
//
// A request comes in a frame whose source the switch has checked; one that claims another hardware address is dropped.
//
// A [Client] asks on the other side: for the host's own address, in the network of its uplink.
package dhcp

import (
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"tuco/control/hosts"
	"tuco/control/packet"
)

// Ports of UDP.
const (
	ServerPort = 67
	ClientPort = 68
)

// Server answers for a network.
type Server struct {
	Book   *hosts.Book
	Domain string        // that names of guests end with
	MTU    int           // of the network
	Lease  time.Duration // after which a client asks again
	NTP    []netip.Addr
}

// Answer is what a server says to whom.
type Answer struct {
	Message []byte
	To      netip.Addr // may be the broadcast address; as an Ethernet frame it goes to the client alone
}

// The kinds of requests that are dropped.
var (
	errNoRequest = fmt.Errorf("no request of DHCP")
	errStranger  = fmt.Errorf("a request for somebody else, or of somebody unknown")
	errNoAnswer  = fmt.Errorf("a message that needs no answer")
)

// Answer answers a request that came from a MAC. The error says why there is no answer.
func (s *Server) Answer(from packet.MAC, request []byte) (Answer, error) {
	m, err := dhcpv4.FromBytes(request)
	if err != nil || m.OpCode != dhcpv4.OpcodeBootRequest {
		return Answer{}, errNoRequest
	}
	h, known := s.Book.MAC(from)
	if !known || h == s.Book.Gateway() || string(m.ClientHWAddr) != string(from[:]) {
		return Answer{}, errStranger
	}
	kind, err := s.judge(m, h)
	if err != nil {
		return Answer{}, err
	}
	reply, err := dhcpv4.NewReplyFromRequest(m, s.options(m, kind, h)...)
	if err != nil {
		return Answer{}, fmt.Errorf("a request that can't be answered: %w", err)
	}
	return Answer{reply.ToBytes(), destination(m, kind, h)}, nil
}

// judge decides what kind of answer a request gets.
func (s *Server) judge(m *dhcpv4.DHCPv4, h hosts.Host) (dhcpv4.MessageType, error) {
	switch m.MessageType() {
	case dhcpv4.MessageTypeDiscover:
		return dhcpv4.MessageTypeOffer, nil
	case dhcpv4.MessageTypeInform:
		return dhcpv4.MessageTypeAck, nil
	case dhcpv4.MessageTypeRequest:
		if server := m.ServerIdentifier(); server != nil && !same(server, s.Book.Gateway().Address) {
			return 0, errNoAnswer // it chose another server
		}
		wanted := m.RequestedIPAddress()
		if wanted == nil {
			wanted = m.ClientIPAddr
		}
		if !same(wanted, h.Address) {
			return dhcpv4.MessageTypeNak, nil
		}
		return dhcpv4.MessageTypeAck, nil
	}
	return 0, errNoAnswer
}

func same(ip net.IP, a netip.Addr) bool { return ip.Equal(net.IP(a.AsSlice())) }

// options is what an answer says.
func (s *Server) options(m *dhcpv4.DHCPv4, kind dhcpv4.MessageType, h hosts.Host) []dhcpv4.Modifier {
	gateway := net.IP(s.Book.Gateway().Address.AsSlice())
	all := []dhcpv4.Modifier{
		dhcpv4.WithMessageType(kind), dhcpv4.WithOption(dhcpv4.OptServerIdentifier(gateway)),
		dhcpv4.WithOptionCopied(m, dhcpv4.OptionClientIdentifier), // RFC 6842
	}
	if kind == dhcpv4.MessageTypeNak {
		return all
	}
	const bits = 32
	mtu := dhcpv4.Uint16(s.MTU)
	all = append(all,
		dhcpv4.WithServerIP(gateway),
		dhcpv4.WithNetmask(net.CIDRMask(s.Book.Network().Bits(), bits)),
		dhcpv4.WithRouter(gateway),
		dhcpv4.WithDNS(gateway),
		dhcpv4.WithOption(dhcpv4.OptDomainName(s.Domain)),
		dhcpv4.WithOption(dhcpv4.OptHostName(h.Name)),
		dhcpv4.WithOption(dhcpv4.Option{Code: dhcpv4.OptionInterfaceMTU, Value: mtu}),
	)
	if len(s.NTP) > 0 {
		var servers []net.IP
		for _, a := range s.NTP {
			servers = append(servers, a.AsSlice())
		}
		all = append(all, dhcpv4.WithOption(dhcpv4.OptNTPServers(servers...)))
	}
	if m.MessageType() != dhcpv4.MessageTypeInform {
		all = append(all, dhcpv4.WithYourIP(h.Address.AsSlice()), dhcpv4.WithLeaseTime(uint32(s.Lease/time.Second)))
	}
	return all
}

// destination is where an answer goes: to the address that the client has, or will have, unless it can't take that yet.
func destination(m *dhcpv4.DHCPv4, kind dhcpv4.MessageType, h hosts.Host) netip.Addr {
	broadcast := netip.AddrFrom4([4]byte{255, 255, 255, 255})
	switch {
	case kind == dhcpv4.MessageTypeNak:
		return broadcast
	case !m.ClientIPAddr.IsUnspecified():
		return h.Address
	case m.IsBroadcast():
		return broadcast
	}
	return h.Address
}
