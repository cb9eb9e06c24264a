// Package hosts is the book of a virtual network: which guest has which name, MAC and IPv4 address.
//
// A guest's address follows from its name, so that it is the same whenever the guest is made, on every host with the same network,
// and nothing has to be stored: the name's hash says where in the network to begin, and the first free address from there on is taken. Only
// where two names meet does it matter who came first; who needs it to be certain asks for an address.
//
// DHCP, DNS, the gateway and the switch's filters all believe this book.
package hosts

import (
	"fmt"
	"hash/fnv"
	"net/netip"
	"strings"
	"sync"

	"tuco/control/packet"
)

// Host is a guest in a network.
type Host struct {
	Name    string
	MAC     packet.MAC
	Address netip.Addr
}

// Book is the hosts of a network. All of its methods may be called at once.
type Book struct {
	gateway Host
	network netip.Prefix

	mu        sync.RWMutex
	byName    map[string]Host
	byMAC     map[packet.MAC]Host
	byAddress map[netip.Addr]Host
}

// New makes the book of a network with its gateway in it, whose address with the network's length is given: 10.77.0.1/24.
func New(gateway netip.Prefix, mac packet.MAC) (*Book, error) {
	const longest = 30 // two hosts
	b := &Book{
		gateway: Host{"gateway", mac, gateway.Addr()}, network: gateway.Masked(),
		byName: map[string]Host{}, byMAC: map[packet.MAC]Host{}, byAddress: map[netip.Addr]Host{},
	}
	if !gateway.Addr().Is4() || gateway.Bits() < 8 || gateway.Bits() > longest || !b.usable(gateway.Addr()) {
		return nil, fmt.Errorf("%v is no gateway's address in a network: use such as 10.77.0.1/24", gateway)
	}
	b.enter(b.gateway)
	return b, nil
}

// Gateway is the network's gateway.
func (b *Book) Gateway() Host { return b.gateway }

// Network is the network.
func (b *Book) Network() netip.Prefix { return b.network }

// Add gives a guest an address: the one it wants, or if that is none the one that follows from its name. It fails if the name, the MAC or the
// address is taken, or can't be one.
func (b *Book) Add(name string, mac packet.MAC, wanted netip.Addr) (Host, error) {
	name = strings.ToLower(name)
	if !validName(name) {
		return Host{}, fmt.Errorf("%.70q can't be a guest's name in a network: use up to 63 letters, digits and -, not first nor last", name)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if h, taken := b.byName[name]; taken {
		return Host{}, fmt.Errorf("the name %s is taken, by %v: choose another", name, h.MAC)
	}
	if h, taken := b.byMAC[mac]; taken {
		return Host{}, fmt.Errorf("%s: the address %v is %s's: choose another", name, mac, h.Name)
	}
	if wanted.IsValid() {
		if h, taken := b.byAddress[wanted]; taken {
			return Host{}, fmt.Errorf("%s: the address %v is %s's: choose another", name, wanted, h.Name)
		}
		if !b.usable(wanted) {
			return Host{}, fmt.Errorf("%s: %v is no address of a guest in %v", name, wanted, b.network)
		}
	} else if wanted = b.choose(name); !wanted.IsValid() {
		return Host{}, fmt.Errorf("%s: all addresses of %v are taken: use a larger network", name, b.network)
	}
	h := Host{name, mac, wanted}
	b.enter(h)
	return h, nil
}

func (b *Book) enter(h Host) { b.byName[h.Name], b.byMAC[h.MAC], b.byAddress[h.Address] = h, h, h }

// Remove takes a guest out of the book. The gateway stays.
func (b *Book) Remove(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if h, ok := b.byName[strings.ToLower(name)]; ok && h != b.gateway {
		delete(b.byName, h.Name)
		delete(b.byMAC, h.MAC)
		delete(b.byAddress, h.Address)
	}
}

// Name finds a host by its name, in upper or lower case.
func (b *Book) Name(name string) (Host, bool) { return find(b, b.byName, strings.ToLower(name)) }

// MAC finds a host by its MAC.
func (b *Book) MAC(m packet.MAC) (Host, bool) { return find(b, b.byMAC, m) }

// Address finds a host by its IPv4 address.
func (b *Book) Address(a netip.Addr) (Host, bool) { return find(b, b.byAddress, a) }

func find[K comparable](b *Book, in map[K]Host, key K) (Host, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	h, ok := in[key]
	return h, ok
}

// usable tells whether a host may have an address: neither the network's first, nor the last.
func (b *Book) usable(a netip.Addr) bool {
	return b.network.Contains(a) && a != b.network.Addr() && b.network.Contains(a.Next())
}

// choose finds a free address for a name. It looks at so many as there are guests, and one more.
func (b *Book) choose(name string) netip.Addr {
	h := fnv.New32a()
	h.Write([]byte(name))
	hosts := uint32(1)<<(32-b.network.Bits()) - 2
	for i := range min(uint32(len(b.byAddress))+1, hosts) {
		if a := b.at(1 + (h.Sum32()+i)%hosts); b.usable(a) {
			if _, taken := b.byAddress[a]; !taken {
				return a
			}
		}
	}
	return netip.Addr{}
}

// at is the n'th address of the network.
func (b *Book) at(n uint32) netip.Addr {
	a := b.network.Addr().As4()
	n |= uint32(a[0])<<24 | uint32(a[1])<<16 | uint32(a[2])<<8 | uint32(a[3])
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}

// validName tells whether a name can stand in DNS: a label (RFC 1123).
func validName(name string) bool {
	const longest = 63
	good := name != "" && len(name) <= longest && name[0] != '-' && name[len(name)-1] != '-'
	for _, c := range []byte(name) {
		good = good && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-')
	}
	return good
}
