package gateway_test

import (
	"encoding/binary"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gvisor.dev/gvisor/pkg/tcpip/header"

	"tuco/control/gateway"
	"tuco/control/hosts"
	"tuco/control/packet"
)

// caller is a guest that makes connections to the gateway's DNS with frames of its own making.
type caller struct {
	hosts.Host
	send func([]packet.Frame)
	part bool // what is sent is said to be the first part of something
}

// segment sends a segment without data.
func (c *caller) segment(port uint16, flags header.TCPFlags, seq, ack uint32) {
	const size = header.IPv4MinimumSize + header.TCPMinimumSize
	b := make([]byte, packet.HeaderLen+size)
	copy(b, gatewayMAC[:])
	copy(b[6:], c.MAC[:])
	binary.BigEndian.PutUint16(b[12:], packet.IPv4)
	ip := header.IPv4(b[packet.HeaderLen:])
	fields := header.IPv4Fields{TotalLength: size, TTL: 64, Protocol: packet.TCP, SrcAddr: addressOf(c.Address), DstAddr: addressOf(network.Addr())}
	if c.part {
		fields.Flags = header.IPv4FlagMoreFragments
	}
	ip.Encode(&fields)
	ip.SetChecksum(^ip.CalculateChecksum())
	tcp := header.TCP(ip.Payload())
	tcp.Encode(&header.TCPFields{SrcPort: port, DstPort: 53, SeqNum: seq, AckNum: ack, DataOffset: header.TCPMinimumSize, Flags: flags, WindowSize: 60000})
	sum := header.PseudoHeaderChecksum(packet.TCP, addressOf(c.Address), addressOf(network.Addr()), header.TCPMinimumSize)
	tcp.SetChecksum(^tcp.CalculateChecksum(sum))
	c.send([]packet.Frame{{Data: b}})
}

// here says where the caller is.
func (c *caller) here() {
	b := make([]byte, packet.HeaderLen+header.ARPSize)
	copy(b, gatewayMAC[:])
	copy(b[6:], c.MAC[:])
	binary.BigEndian.PutUint16(b[12:], packet.ARP)
	arp := header.ARP(b[packet.HeaderLen:])
	arp.SetIPv4OverEthernet()
	arp.SetOp(header.ARPReply)
	copy(arp.HardwareAddressSender(), c.MAC[:])
	copy(arp.ProtocolAddressSender(), c.Address.AsSlice())
	copy(arp.HardwareAddressTarget(), gatewayMAC[:])
	copy(arp.ProtocolAddressTarget(), network.Addr().AsSlice())
	c.send([]packet.Frame{{Data: b}})
}

// Deliver takes what comes from the gateway: a connection is opened, and never closed.
func (c *caller) Deliver(frames []packet.Frame) {
	for _, f := range frames {
		info, err := packet.Parse(f.Data)
		if info.EtherType == packet.ARP {
			go c.here()
			continue
		}
		if err != nil || info.Protocol != packet.TCP || info.Flags&packet.SYN == 0 {
			continue
		}
		port, seq := info.DstPort, header.TCP(f.Data[info.Transport:]).SequenceNumber()
		go c.segment(port, header.TCPFlagAck, 2, seq+1)
	}
}

// TestConnectionsToTheGateway: a guest that opens connections to the gateway without end, and tends to none of them, has a few at once, and then one a second.
// Others are served meanwhile.
func TestConnectionsToTheGateway(t *testing.T) {
	var mu sync.Mutex
	now := time.Now()
	w := newWorld(t, func(c *gateway.Config) {
		c.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	})
	h, port, s := w.plug("caller", 9)
	c := &caller{Host: h, send: port.Receive}
	s.set(c)
	openings := func() uint64 { return w.gateway.Stack().Stats().TCP.PassiveConnectionOpenings.Value() }
	const burst, many = 32, 1000
	for i := range uint16(many) {
		c.segment(1000+i, header.TCPFlagSyn, 1, 0)
	}
	assert.EqualValues(t, many-burst, w.gateway.Stats.Calls.Load())
	eventually(t, func() bool { return openings() > 0 })

	other := w.guest("other", 10)
	conn, err := other.dial(netip.AddrPortFrom(network.Addr(), 53))
	require.NoError(t, err)
	defer conn.Close()
	assert.LessOrEqual(t, openings(), uint64(burst+1))

	mu.Lock()
	now = now.Add(3 * time.Second)
	mu.Unlock()
	for i := range uint16(many) {
		c.segment(10000+i, header.TCPFlagSyn, 1, 0)
	}
	assert.EqualValues(t, 2*many-burst-3, w.gateway.Stats.Calls.Load())
}

// TestPartsOfConnections: no segment of TCP comes in parts to the gateway, where its beginning could change from one to the next.
func TestPartsOfConnections(t *testing.T) {
	w := newWorld(t)
	h, port, s := w.plug("caller", 9)
	c := &caller{Host: h, send: port.Receive, part: true}
	s.set(c)
	c.segment(1000, header.TCPFlagAck, 1, 0)
	assert.EqualValues(t, 1, w.gateway.Stats.Calls.Load())
}
