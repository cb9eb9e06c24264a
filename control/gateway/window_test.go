package gateway_test

import (
	"net/netip"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"

	"tuco/control/packet"
)

// handshakes are the segments that open connections, which it sees on their way.
type handshakes struct {
	mu  sync.Mutex
	own []header.TCPSynOptions // of the gateway's
}

// from looks at frames, and takes down what those say that have an address.
func (h *handshakes) from(address netip.Addr, frames []packet.Frame) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range frames {
		info, err := packet.Parse(f.Data)
		if err == nil && info.Src == address && info.Protocol == packet.TCP && info.Flags&packet.SYN != 0 {
			tcp := header.TCP(f.Data[info.Transport:])
			h.own = append(h.own, header.ParseSynOptions(tcp.Options(), tcp.Flags().Contains(header.TCPFlagAck)))
		}
	}
}

// overheard is a guest whose frames are looked at before it gets them.
type overheard struct {
	*handshakes
	*machine
}

func (o overheard) Deliver(frames []packet.Frame) {
	o.from(network.Addr(), frames)
	o.machine.Deliver(frames)
}

// TestWindowsInBytes: the gateway's windows have no larger units than a byte, whoever opens the connection.
func TestWindowsInBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var h handshakes
	host, port, s := w.plug("guest", 1)
	guest := newMachine(t, host.MAC, network.Addr(), port.Receive, netip.PrefixFrom(host.Address, network.Bits()))
	s.set(overheard{&h, guest})
	c, err := guest.dial(netip.AddrPortFrom(network.Addr(), 53))
	require.NoError(t, err)
	defer c.Close()

	w.wire.mu.Lock()
	w.wire.seen = func(f packet.Frame) { h.from(uplink.Addr(), []packet.Frame{f}) }
	w.wire.mu.Unlock()
	w.far.listen(t, 80)
	out, err := gonet.DialContextTCP(t.Context(), w.gateway.Stack(), w.far.full(netip.AddrPortFrom(server.Addr(), 80)), ipv4.ProtocolNumber)
	require.NoError(t, err)
	defer out.Close()

	h.mu.Lock()
	defer h.mu.Unlock()
	require.GreaterOrEqual(t, len(h.own), 2)
	for _, options := range h.own {
		assert.Equal(t, 0, options.WS)
	}
}
