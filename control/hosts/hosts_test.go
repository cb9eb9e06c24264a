package hosts_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/hosts"
	"tuco/control/packet"
)

func mac(n byte) packet.MAC { return packet.MAC{0, 0x16, 0x3e, 0, 0, n} }

func book(t *testing.T, gateway string) *hosts.Book {
	b, err := hosts.New(netip.MustParsePrefix(gateway), mac(0xfe))
	require.NoError(t, err)
	return b
}

// TestStable: a guest has the same address every time.
func TestStable(t *testing.T) {
	b := book(t, "10.77.0.1/24")
	web, err := b.Add("Web", mac(1), netip.Addr{})
	require.NoError(t, err)
	db, err := b.Add("db", mac(2), netip.Addr{})
	require.NoError(t, err)
	assert.NotEqual(t, web.Address, db.Address)
	b.Remove("web")
	_, ok := b.Name("web")
	assert.False(t, ok)
	again, err := b.Add("web", mac(3), netip.Addr{})
	require.NoError(t, err)
	assert.Equal(t, web.Address, again.Address)

	other := book(t, "10.77.0.1/24")
	elsewhere, err := other.Add("web", mac(1), netip.Addr{})
	require.NoError(t, err)
	assert.Equal(t, web.Address, elsewhere.Address)
}

func TestFind(t *testing.T) {
	b := book(t, "10.77.0.1/24")
	want := netip.MustParseAddr("10.77.0.99")
	web, err := b.Add("web", mac(1), want)
	require.NoError(t, err)
	assert.Equal(t, hosts.Host{Name: "web", MAC: mac(1), Address: want}, web)
	byName, _ := b.Name("WEB")
	byMAC, _ := b.MAC(mac(1))
	byAddress, _ := b.Address(want)
	assert.Equal(t, []hosts.Host{web, web, web}, []hosts.Host{byName, byMAC, byAddress})
	gateway, _ := b.Name("gateway")
	assert.Equal(t, b.Gateway(), gateway)
	b.Remove("gateway")
	_, ok := b.Address(netip.MustParseAddr("10.77.0.1"))
	assert.True(t, ok, "it stays")
	b.Remove("nobody")
}

func TestRefused(t *testing.T) {
	b := book(t, "10.77.0.1/24")
	_, err := b.Add("web", mac(1), netip.Addr{})
	require.NoError(t, err)
	for _, c := range []struct {
		name   string
		mac    packet.MAC
		wanted string
		want   string
	}{
		{"web", mac(2), "", "the name web is taken"},
		{"gateway", mac(2), "", "is taken"},
		{"b", mac(1), "", "is web's"},
		{"b", mac(2), "10.77.0.1", "is gateway's"},
		{"b", mac(2), "10.77.0.0", "no address of a guest"},
		{"b", mac(2), "10.77.0.255", "no address of a guest"},
		{"b", mac(2), "10.78.0.2", "no address of a guest in 10.77.0.0/24"},
		{"", mac(2), "", "can't be a guest's name"},
		{"-a", mac(2), "", "can't be"},
		{"a-", mac(2), "", "can't be"},
		{"a.b", mac(2), "", "can't be"},
		{"a_b", mac(2), "", "can't be"},
	} {
		var wanted netip.Addr
		if c.wanted != "" {
			wanted = netip.MustParseAddr(c.wanted)
		}
		_, err := b.Add(c.name, c.mac, wanted)
		assert.ErrorContains(t, err, c.want, fmt.Sprint(c))
	}
	for _, gateway := range []string{"10.0.0.0/24", "10.0.0.255/24", "10.0.0.1/31", "10.0.0.1/7", "fd00::1/64"} {
		_, err := hosts.New(netip.MustParsePrefix(gateway), mac(1))
		assert.ErrorContains(t, err, "no gateway's address", gateway)
	}
}

// TestFull: all addresses of a network are used, and none twice.
func TestFull(t *testing.T) {
	b := book(t, "10.0.0.254/24")
	seen := map[netip.Addr]bool{}
	for n := range 253 {
		h, err := b.Add(fmt.Sprintf("guest-%d", n), mac(byte(n)), netip.Addr{})
		require.NoError(t, err)
		require.False(t, seen[h.Address], h.Address)
		seen[h.Address] = true
	}
	assert.Len(t, seen, 253)
	_, err := b.Add("one-more", mac(253), netip.Addr{})
	assert.ErrorContains(t, err, "all addresses of 10.0.0.0/24 are taken")
}
