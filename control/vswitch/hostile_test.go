package vswitch_test

import (
	"testing"

	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/packet"
	"tuco/control/vswitch"
)

// FuzzReceive: whatever a guest sends, nothing fails, each frame is delivered or counted for one reason, and what comes out
// has the guest's own address in it.
func FuzzReceive(f *testing.F) {
	w := newWorld(f, vswitch.Limits{})
	a, b := w.guest("a", 1), w.guest("b", 2)
	f.Add(w.udp(a, b, 1, 2), false, uint8(0), uint16(0))
	f.Add(w.udp(a, b, 1, 2), true, uint8(0), uint16(0))
	long := w.ipFrame(a, b, &layers.TCP{SrcPort: 1, DstPort: 80, ACK: true}, make([]byte, 3000))
	f.Add(long, true, uint8(1), uint16(100))
	f.Add(w.ipFrame(a, b, &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(3, 3)}, long[14:70]), false, uint8(0), uint16(0))
	f.Fuzz(func(t *testing.T, data []byte, blank bool, segments uint8, mss uint16) {
		w := newWorld(t, vswitch.Limits{Flows: 4})
		a := w.guest("a", 1, func(o *vswitch.Options) { o.IPv6 = true })
		others := []*guest{w.guest("b", 2, func(o *vswitch.Options) { o.Takes = 0 }), w.guest("c", 3), w.trusted("up", 9)}
		w.rules("deny tcp from a to any port 25\nallow any from any to any")
		for range 2 {
			a.Receive([]packet.Frame{{Data: append([]byte{}, data...), Blank: blank, Segments: packet.Segments(segments), MSS: mss}})
		}
		s := a.Stats()
		require.EqualValues(t, 2, s.Sent)
		dropped := s.Malformed + s.Spoofed + s.Flooded + s.Denied + s.NoRoom + s.Nowhere + s.TooLong
		came := false
		for _, g := range others {
			for _, f := range g.take() {
				came = true
				require.Equal(t, a.mac, packet.Source(f.Data))
				info, err := packet.Parse(f.Data)
				require.NoError(t, err)
				require.NoError(t, info.Check(&f))
			}
		}
		require.Equal(t, dropped < 2, came)
		require.LessOrEqual(t, dropped, uint64(2))
	})
}

// FuzzParseRules: what is accepted says the same when it is written and read again.
func FuzzParseRules(f *testing.F) {
	f.Add("allow tcp from a to 10.0.0.0/8 port 1-2,7\ndeny 9 from any to fe80::1\ndefault deny # so")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := vswitch.ParseRules("rules", text)
		if err != nil {
			return
		}
		again, err := vswitch.ParseRules("again", r.String())
		require.NoError(t, err)
		assert.Equal(t, r, again)
	})
}

// sink drops what it gets.
type sink struct{}

func (sink) Deliver([]packet.Frame) {}

// path is a frame from one guest to another, with rules.
func path(t testing.TB, rules string, takes packet.Takes, n int) (*vswitch.Port, []packet.Frame) {
	w := newWorld(t, vswitch.Limits{})
	a, b := w.guest("a", 1), w.guest("b", 2)
	w.rules(rules)
	b.Remove()
	_, err := w.Add(vswitch.Options{Name: "b", MAC: b.mac, Takes: takes}, sink{})
	require.NoError(t, err)
	f := packet.Frame{Data: w.ipFrame(a, b, &layers.TCP{SrcPort: 1, DstPort: 80, ACK: true}, make([]byte, n))}
	if n > 1460 {
		f.Segments, f.MSS = packet.TCPv4, 1460
	}
	frames := make([]packet.Frame, 32)
	for i := range frames {
		frames[i] = f
	}
	return a.Port, frames
}

// TestNoAllocation: a frame of a known flow allocates nothing.
func TestNoAllocation(t *testing.T) {
	for _, rules := range []string{"", "allow tcp from a to b\ndefault deny"} {
		for _, takes := range []packet.Takes{0, packet.TakesAll} {
			for _, n := range []int{100, 60000} {
				p, frames := path(t, rules, takes, n)
				frames = frames[:4]
				p.Receive(frames)
				assert.Zero(t, testing.AllocsPerRun(10, func() { p.Receive(frames) }))
			}
		}
	}
}

func benchmark(b *testing.B, rules string, takes packet.Takes, n int) {
	p, frames := path(b, rules, takes, n)
	b.SetBytes(int64(len(frames[0].Data)))
	b.ReportAllocs()
	for range (b.N + len(frames) - 1) / len(frames) {
		p.Receive(frames)
	}
}

// These are per frame, in batches of 32.
func BenchmarkFrame(b *testing.B)      { benchmark(b, "", packet.TakesAll, 1400) }
func BenchmarkFrameRules(b *testing.B) { benchmark(b, "deny udp from a to b", packet.TakesAll, 1400) }
func BenchmarkLong(b *testing.B)       { benchmark(b, "", packet.TakesAll, 64000) }
func BenchmarkLongCut(b *testing.B)    { benchmark(b, "", 0, 64000) }
