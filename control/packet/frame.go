package packet

import (
	"encoding/hex"
	"fmt"
	"net"
)

// Frame is an Ethernet frame: its bytes from the destination's address on, with no check sequence, and what is left to do.
type Frame struct {
	Data []byte

	// Blank says that the checksum of TCP or UDP was not computed. Checked says that it is right, as far as anybody knows: it
	// was computed on this host.
	Blank, Checked bool

	// Segments says that this is a TCP segment to be cut, into segments of MSS bytes of data. It implies Blank.
	Segments Segments
	MSS      uint16
}

// Segments is what kind of segment a frame is to be cut into.
type Segments uint8

// Kinds of segments.
const (
	Whole Segments = iota // the frame is not to be cut
	TCPv4
	TCPv6
)

// Takes is what somebody can take as it is.
type Takes uint8

// What a port may be able to take.
const (
	TakesBlank4 Takes = 1 << iota // IPv4 frames without TCP and UDP checksums
	TakesBlank6
	TakesTCPv4 // segments to be cut
	TakesTCPv6

	TakesAll = TakesBlank4 | TakesBlank6 | TakesTCPv4 | TakesTCPv6
)

// The lengths of frames. A length field of IPv4 counts to 65535, and so does a request in a network interface's ring.
const (
	HeaderLen = 14
	MaxFrame  = 65535
)

// MinMSS is the least size of segments that a frame may ask to be cut into. Without a limit one frame would become 65,000.
const MinMSS = 64

// MAC is the address of a network interface.
type MAC [6]byte

// Broadcast is the address of all interfaces.
var Broadcast = MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// ParseMAC reads an address as people write them: 00:16:3e:01:02:03. It has to be one that a single interface can have.
func ParseMAC(text string) (m MAC, err error) {
	address, err := net.ParseMAC(text)
	if err != nil || len(address) != len(m) {
		return MAC{}, fmt.Errorf("%.40q is no address of an interface, such as 00:16:3e:01:02:03", text)
	}
	if m = MAC(address); m.Group() || m == (MAC{}) {
		return MAC{}, fmt.Errorf("%s is not the address of one interface", text)
	}
	return m, nil
}

// Group tells whether the address is one of several interfaces.
func (m MAC) Group() bool { return m[0]&1 != 0 }

func (m MAC) String() string {
	var b [len(m)*3 - 1]byte
	for i := range m {
		if i > 0 {
			b[i*3-1] = ':'
		}
		hex.Encode(b[i*3:], m[i:i+1])
	}
	return string(b[:])
}

// Destination is where a frame goes, and Source where it says it comes from. The frame has a header.
func Destination(data []byte) MAC { return MAC(data[0:6]) }

// Source is the address that a frame says it comes from.
func Source(data []byte) MAC { return MAC(data[6:12]) }
