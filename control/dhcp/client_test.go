package dhcp_test

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/backend/backendtest"
	"tuco/control/dhcp"
	"tuco/control/packet"
)

// wire is a client whose frames go to a function, which may answer.
type wire struct {
	*dhcp.Client
	sent int
}

func newWire(answer func(w *wire, request []byte) [][]byte) *wire {
	w := &wire{}
	w.Client = dhcp.NewClient(own, func(frames []packet.Frame) {
		for _, f := range frames {
			w.sent++
			info, err := packet.Parse(f.Data)
			if err != nil || packet.Destination(f.Data) != packet.Broadcast || info.DstPort != dhcp.ServerPort {
				panic("the client sends what it should not")
			}
			for _, a := range answer(w, f.Data[info.Payload:info.End]) {
				w.say(dhcp.ServerPort, a)
			}
		}
	}, &backendtest.Clock{Lively: true})
	return w
}

// say has a message come to the client.
func (w *wire) say(port uint16, message []byte) {
	from, to := netip.AddrPortFrom(netip.MustParseAddr("10.77.0.1"), port), netip.MustParseAddrPort("255.255.255.255:68")
	w.Receive([]packet.Frame{{Data: packet.MakeUDP(packet.Broadcast, other, from, to, message)}})
}

// change is a message with something else in it.
func change(message []byte, f func(*dhcpv4.DHCPv4)) []byte {
	m, err := dhcpv4.FromBytes(message)
	if err != nil {
		panic(err)
	}
	f(m)
	return m.ToBytes()
}

func TestClient(t *testing.T) {
	s := server(t)
	w := newWire(func(w *wire, request []byte) [][]byte {
		if w.sent%2 == 1 {
			return nil // every other one is lost
		}
		a, err := s.Answer(own, request)
		require.NoError(t, err)
		w.say(1000, a.Message) // not from a server's port
		return [][]byte{
			nil, []byte("noise"), a.Message[:100], request,
			change(a.Message, func(m *dhcpv4.DHCPv4) { m.TransactionID[0] ^= 1; m.YourIPAddr = net.IP{6, 6, 6, 6} }),
			change(a.Message, func(m *dhcpv4.DHCPv4) { m.ClientHWAddr = other[:]; m.YourIPAddr = net.IP{6, 6, 6, 6} }),
			a.Message,
		}
	})
	lease, err := w.Acquire(t.Context())
	require.NoError(t, err)
	assert.Equal(t, dhcp.Lease{
		Address: netip.MustParsePrefix("10.77.0.50/24"), Router: netip.MustParseAddr("10.77.0.1"),
		Servers: []netip.AddrPort{netip.MustParseAddrPort("10.77.0.1:53")}, Duration: time.Hour,
	}, lease)
	assert.Equal(t, 4, w.sent)
	again, err := w.Renew(t.Context(), lease)
	require.NoError(t, err)
	assert.Equal(t, lease, again)
}

// TestClientRefused: one that is refused begins anew, or tells.
func TestClientRefused(t *testing.T) {
	s := server(t)
	refusals := 1
	w := newWire(func(_ *wire, request []byte) [][]byte {
		a, err := s.Answer(own, request)
		require.NoError(t, err)
		if m, _ := dhcpv4.FromBytes(request); m.MessageType() == dhcpv4.MessageTypeRequest && refusals > 0 {
			refusals--
			return [][]byte{change(a.Message, func(m *dhcpv4.DHCPv4) { m.UpdateOption(dhcpv4.OptMessageType(dhcpv4.MessageTypeNak)) })}
		}
		return [][]byte{a.Message}
	})
	lease, err := w.Acquire(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 4, w.sent)
	refusals = 1
	_, err = w.Renew(t.Context(), lease)
	assert.ErrorContains(t, err, "refuses")
}

// TestClientNonsense: what can't be an address is none.
func TestClientNonsense(t *testing.T) {
	s := server(t)
	for name, f := range map[string]func(*dhcpv4.DHCPv4){
		"no address": func(m *dhcpv4.DHCPv4) { m.YourIPAddr = net.IPv4zero },
		"multicast":  func(m *dhcpv4.DHCPv4) { m.YourIPAddr = net.IP{224, 0, 0, 1} },
		"no mask":    func(m *dhcpv4.DHCPv4) { m.Options.Del(dhcpv4.OptionSubnetMask) },
		"odd mask":   func(m *dhcpv4.DHCPv4) { m.UpdateOption(dhcpv4.OptSubnetMask(net.IPMask{255, 0, 255, 0})) },
		"no time":    func(m *dhcpv4.DHCPv4) { m.UpdateOption(dhcpv4.OptIPAddressLeaseTime(0)) },
	} {
		w := newWire(func(_ *wire, request []byte) [][]byte {
			a, err := s.Answer(own, request)
			require.NoError(t, err)
			return [][]byte{change(a.Message, func(m *dhcpv4.DHCPv4) {
				if m.MessageType() == dhcpv4.MessageTypeAck {
					f(m)
				}
			})}
		})
		_, err := w.Acquire(t.Context())
		assert.ErrorContains(t, err, "can't be", name)
	}
	w := newWire(func(_ *wire, request []byte) [][]byte {
		a, err := s.Answer(own, request)
		require.NoError(t, err)
		return [][]byte{change(a.Message, func(m *dhcpv4.DHCPv4) { m.UpdateOption(dhcpv4.OptRouter(net.IP{9, 9, 9, 9})) })}
	})
	lease, err := w.Acquire(t.Context())
	require.NoError(t, err)
	assert.False(t, lease.Router.IsValid(), "one that can't be reached is none")

	ctx, cancel := context.WithCancel(t.Context())
	w = newWire(func(w *wire, _ []byte) [][]byte {
		if w.sent == 5 {
			cancel()
		}
		return nil
	})
	_, err = w.Acquire(ctx)
	assert.ErrorIs(t, err, context.Canceled)
}
