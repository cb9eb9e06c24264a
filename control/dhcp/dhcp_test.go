package dhcp_test

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/dhcp"
	"tuco/control/hosts"
	"tuco/control/packet"
)

var (
	own      = packet.MAC{0, 0x16, 0x3e, 0, 0, 1}
	other    = packet.MAC{0, 0x16, 0x3e, 0, 0, 2}
	stranger = packet.MAC{0, 0x16, 0x3e, 0, 0, 3}
	address  = netip.MustParseAddr("10.77.0.50")
)

func server(t testing.TB) *dhcp.Server {
	book, err := hosts.New(netip.MustParsePrefix("10.77.0.1/24"), packet.MAC{0, 0x16, 0x3e, 0, 0, 0xfe})
	require.NoError(t, err)
	_, err = book.Add("web", own, address)
	require.NoError(t, err)
	_, err = book.Add("db", other, netip.Addr{})
	require.NoError(t, err)
	return &dhcp.Server{Book: book, Domain: "tuco", MTU: 1500, Lease: time.Hour, NTP: []netip.Addr{netip.MustParseAddr("10.77.0.1")}}
}

func request(t testing.TB, kind dhcpv4.MessageType, change ...dhcpv4.Modifier) []byte {
	m, err := dhcpv4.New(append([]dhcpv4.Modifier{dhcpv4.WithMessageType(kind), dhcpv4.WithHwAddr(own[:])}, change...)...)
	require.NoError(t, err)
	return m.ToBytes()
}

func wants(a string) dhcpv4.Modifier {
	return dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(net.ParseIP(a)))
}

func TestAnswer(t *testing.T) {
	s := server(t)
	broadcast := netip.MustParseAddr("255.255.255.255")
	const discover, offer, ask, ack, nak, inform = dhcpv4.MessageTypeDiscover, dhcpv4.MessageTypeOffer, dhcpv4.MessageTypeRequest, dhcpv4.MessageTypeAck, dhcpv4.MessageTypeNak, dhcpv4.MessageTypeInform
	for name, c := range map[string]struct {
		request []byte
		kind    dhcpv4.MessageType
		to      netip.Addr
	}{
		"discover":               {request(t, discover), offer, address},
		"discover, broadcast":    {request(t, discover, dhcpv4.WithBroadcast(true)), offer, broadcast},
		"request":                {request(t, ask, wants("10.77.0.50")), ack, address},
		"request of this server": {request(t, ask, wants("10.77.0.50"), dhcpv4.WithOption(dhcpv4.OptServerIdentifier(net.IP{10, 77, 0, 1}))), ack, address},
		"request of another's":   {request(t, ask, wants("10.77.0.51")), nak, broadcast},
		"request of nothing":     {request(t, ask), nak, broadcast},
		"renewal":                {request(t, ask, dhcpv4.WithClientIP(net.IP{10, 77, 0, 50})), ack, address},
		"renewal of another's":   {request(t, ask, dhcpv4.WithClientIP(net.IP{10, 77, 0, 51}), dhcpv4.WithBroadcast(true)), nak, broadcast},
		"information":            {request(t, inform, dhcpv4.WithClientIP(net.IP{10, 77, 0, 50})), ack, address},
	} {
		a, err := s.Answer(own, c.request)
		require.NoError(t, err, name)
		m, err := dhcpv4.FromBytes(a.Message)
		require.NoError(t, err, name)
		assert.Equal(t, c.kind, m.MessageType(), name)
		assert.Equal(t, c.to, a.To, name)
		assert.Equal(t, "10.77.0.1", m.ServerIdentifier().String(), name)
		if c.kind == nak {
			assert.Nil(t, m.Router(), name)
			continue
		}
		want := "10.77.0.50"
		if name == "information" {
			want = "0.0.0.0"
		} else {
			assert.Equal(t, time.Hour, m.IPAddressLeaseTime(0), name)
		}
		assert.Equal(t, want, m.YourIPAddr.String(), name)
		assert.Equal(t, "10.77.0.1", m.Router()[0].String(), name)
		assert.Equal(t, "10.77.0.1", m.DNS()[0].String(), name)
		assert.Equal(t, "10.77.0.1", m.NTPServers()[0].String(), name)
		assert.Equal(t, "ffffff00", m.SubnetMask().String(), name)
		assert.Equal(t, "tuco", m.DomainName(), name)
		assert.Equal(t, "web", m.HostName(), name)
		assert.Equal(t, []byte{5, 220}, m.Options.Get(dhcpv4.OptionInterfaceMTU), name)
	}
}

func TestNoAnswer(t *testing.T) {
	s := server(t)
	answer, err := dhcpv4.New(dhcpv4.WithHwAddr(own[:]))
	require.NoError(t, err)
	answer.OpCode = dhcpv4.OpcodeBootReply
	for name, c := range map[string]struct {
		from    packet.MAC
		request []byte
	}{
		"nothing":           {own, nil},
		"noise":             {own, []byte("noise")},
		"an answer":         {own, answer.ToBytes()},
		"no kind":           {own, request(t, dhcpv4.MessageTypeNone)},
		"release":           {own, request(t, dhcpv4.MessageTypeRelease)},
		"decline":           {own, request(t, dhcpv4.MessageTypeDecline)},
		"an offer":          {own, request(t, dhcpv4.MessageTypeOffer)},
		"for another":       {other, request(t, dhcpv4.MessageTypeDiscover)},
		"stranger":          {stranger, request(t, dhcpv4.MessageTypeDiscover, dhcpv4.WithHwAddr(stranger[:]))},
		"the gateway":       {s.Book.Gateway().MAC, request(t, dhcpv4.MessageTypeDiscover, dhcpv4.WithHwAddr([]byte{0, 0x16, 0x3e, 0, 0, 0xfe}))},
		"of another server": {own, request(t, dhcpv4.MessageTypeRequest, wants("10.77.0.50"), dhcpv4.WithOption(dhcpv4.OptServerIdentifier(net.IP{10, 77, 0, 2})))},
	} {
		_, err := s.Answer(c.from, c.request)
		assert.Error(t, err, name)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(request(f, dhcpv4.MessageTypeDiscover))
	f.Add(request(f, dhcpv4.MessageTypeRequest, wants("10.77.0.50"), dhcpv4.WithBroadcast(true)))
	s := server(f)
	f.Fuzz(func(t *testing.T, request []byte) {
		a, err := s.Answer(own, request)
		if err != nil {
			return
		}
		m, err := dhcpv4.FromBytes(a.Message)
		require.NoError(t, err)
		require.True(t, m.YourIPAddr.IsUnspecified() || m.YourIPAddr.Equal(address.AsSlice()))
	})
}
