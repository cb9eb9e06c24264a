package sockets

import (
	"fmt"
	"net/netip"
	"strings"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// An Address is an interface's, with the length of its network's prefix, and the gateway to all other networks, if there is
// one.
type Address struct {
	netip.Prefix
	Gateway netip.Addr
}

// ParseAddress reads an address as command lines have it: ADDRESS/PREFIX or ADDRESS/PREFIX,GATEWAY.
func ParseAddress(text string) (a Address, err error) {
	prefix, gateway, has := strings.Cut(text, ",")
	if a.Prefix, err = netip.ParsePrefix(prefix); err != nil {
		return Address{}, fmt.Errorf("address %q: %w; it is written like 192.0.2.7/24,192.0.2.1", text, err)
	}
	if !has {
		return a, nil
	}
	if a.Gateway, err = netip.ParseAddr(gateway); err != nil {
		return Address{}, fmt.Errorf("gateway in %q: %w", text, err)
	}
	if !a.Contains(a.Gateway) {
		return Address{}, fmt.Errorf("gateway %v is not in the network of %v", a.Gateway, a.Prefix)
	}
	return a, nil
}

// String is what ParseAddress reads.
func (a Address) String() string {
	if !a.Gateway.IsValid() {
		return a.Prefix.String()
	}
	return a.Prefix.String() + "," + a.Gateway.String()
}

// add gives it to an interface.
func (a Address) add(s *stack.Stack, id tcpip.NICID) error {
	protocol, everywhere := ipv4.ProtocolNumber, header.IPv4EmptySubnet
	if a.Addr().Is6() {
		protocol, everywhere = ipv6.ProtocolNumber, header.IPv6EmptySubnet
	}
	own := tcpip.AddressWithPrefix{Address: tcpip.AddrFromSlice(a.Addr().AsSlice()), PrefixLen: a.Bits()}
	if err := s.AddProtocolAddress(id, tcpip.ProtocolAddress{Protocol: protocol, AddressWithPrefix: own}, stack.AddressProperties{}); err != nil {
		return fmt.Errorf("%v", err)
	}
	s.AddRoute(tcpip.Route{Destination: own.Subnet(), NIC: id})
	if a.Gateway.IsValid() {
		s.AddRoute(tcpip.Route{Destination: everywhere, Gateway: tcpip.AddrFromSlice(a.Gateway.AsSlice()), NIC: id})
	}
	return nil
}
