package netfront

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

const (
	addresses = "ffffffffffff00163e000001"
	ipv4UDP   = "4500001f0000000040110000" + "0a000001" + "0a000002" // and 11 bytes
	ipv4TCP   = "450000290000000040060000" + "0a000001" + "0a000002" // and 21 bytes
	ipv6UDP   = "60000000000b1140" + "20010db8000000000000000000000001" + "20010db8000000000000000000000002"
	udp       = "0035003500" + "0b" + "dead" + "616263"
	tcp       = "00500051" + "00000001" + "00000002" + "5018ffff" + "dead" + "0000" + "41"
)

// TestFillChecksum: with the checksum in it, the sum over pseudo header and segment is 0xffff.
func TestFillChecksum(t *testing.T) {
	for name, c := range map[string]struct {
		frame           string
		packet, segment int // where they begin
		addresses       int
		protocol        byte
	}{
		"UDP":        {addresses + "0800" + ipv4UDP + udp, 14, 34, 26, 17},
		"TCP":        {addresses + "0800" + ipv4TCP + tcp, 14, 34, 26, 6},
		"IPv6":       {addresses + "86dd" + ipv6UDP + udp, 14, 54, 22, 17},
		"VLAN":       {addresses + "81000005" + "0800" + ipv4UDP + udp, 18, 38, 30, 17},
		"more bytes": {addresses + "0800" + ipv4UDP + udp + "ffffffffff", 14, 34, 26, 17},
	} {
		t.Run(name, func(t *testing.T) {
			frame := unhex(t, c.frame)
			require.True(t, fillChecksum(frame))
			segment := frame[c.segment:]
			if name == "more bytes" {
				segment = segment[:11]
			}
			sum := uint64(c.protocol) + uint64(len(segment))
			for _, part := range [][]byte{frame[c.addresses:c.segment], segment} {
				for i, b := range part {
					sum += uint64(b) << (8 - i%2*8)
				}
			}
			for sum>>16 != 0 {
				sum = sum&0xffff + sum>>16
			}
			assert.EqualValues(t, 0xffff, sum)
		})
	}
	// A segment whose checksum comes to 0.
	zero := unhex(t, addresses+"0800"+"4500001c00000000"+"4011"+"0000"+"00000000"+"00000000"+"0000ffde00080000")
	require.True(t, fillChecksum(zero))
	assert.Equal(t, "ffff", hex.EncodeToString(zero[40:42]), "0 would mean that there is none")
}

func TestNoChecksum(t *testing.T) {
	for name, frame := range map[string]string{
		"ARP":                addresses + "0806" + "0001080006040001",
		"nothing":            addresses + "0800",
		"VLAN cut off":       addresses + "8100" + "00",
		"header cut off":     addresses + "0800" + "4500001f0000000040110000" + "0a000001",
		"other version":      addresses + "0800" + "6" + ipv4UDP[1:] + udp,
		"header too short":   addresses + "0800" + "44" + ipv4UDP[2:] + udp,
		"header too long":    addresses + "0800" + "4f" + ipv4UDP[2:] + udp,
		"longer than it is":  addresses + "0800" + "45000020" + ipv4UDP[8:] + udp,
		"shorter than that":  addresses + "0800" + "45000013" + ipv4UDP[8:] + udp,
		"a fragment":         addresses + "0800" + "4500001f00002000" + ipv4UDP[16:] + udp,
		"ICMP":               addresses + "0800" + "4500001f0000000040010000" + ipv4UDP[24:] + udp,
		"UDP cut off":        addresses + "0800" + "4500001b" + ipv4UDP[8:] + udp,
		"TCP cut off":        addresses + "0800" + "45000027" + ipv4TCP[8:] + tcp,
		"IPv6 longer":        addresses + "86dd" + "60000000000c1140" + ipv6UDP[16:] + udp,
		"IPv6 with a header": addresses + "86dd" + "60000000000b0040" + ipv6UDP[16:] + udp,
	} {
		b := unhex(t, frame)
		before := string(b)
		assert.False(t, fillChecksum(b), name)
		assert.Equal(t, before, string(b), name)
	}
}

func FuzzFillChecksum(f *testing.F) {
	for _, seed := range []string{"0800" + ipv4UDP + udp, "86dd" + ipv6UDP + udp, "81000001" + "0800" + ipv4TCP + tcp} {
		f.Add(unhex(f, addresses+seed))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		if len(frame) >= MinFrame && fillChecksum(frame) {
			before := string(frame)
			require.True(t, fillChecksum(frame))
			require.Equal(t, before, string(frame), "twice is as once")
		}
	})
}
