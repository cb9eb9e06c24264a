package netback_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/packet"
	"tuco/guestlib/netfront"
	"tuco/ring/netif"
)

// TestFrontEnds: two of guestlib's front ends, through the switch.
func TestFrontEnds(t *testing.T) {
	s := set(t)
	var links []*netfront.Link
	for n := range byte(2) {
		s.nic(n + 1)
		link, err := netfront.Open(t.Context(), s.Host, string('1'+rune(n)))
		require.NoError(t, err)
		defer link.Close()
		assert.EqualValues(t, mac(n+1), link.Info().MAC)
		links = append(links, link)
	}
	const frames, window = 3000, 100
	tokens := make(chan struct{}, window) // so that nothing has to be dropped
	go func() {
		for i := range uint32(frames) {
			tokens <- struct{}{}
			data := make([]byte, 4+i%1400)
			binary.BigEndian.PutUint32(data, i)
			_, err := links[0].Send([]netfront.Frame{{Data: udp(1, 2, data)}})
			assert.NoError(t, err)
		}
	}()
	room := make([]netfront.Frame, 16)
	for got := uint32(0); got < frames; {
		for i := range room {
			room[i].Data = make([]byte, netfront.MaxFrame)
		}
		n, err := links[1].Receive(room)
		require.NoError(t, err)
		for _, f := range room[:n] {
			require.Equal(t, got, binary.BigEndian.Uint32(f.Data[42:]))
			require.Len(t, f.Data, int(42+4+got%1400))
			got++
			<-tokens
		}
	}
	assert.EqualValues(t, frames, links[0].Stats().Sent)
	assert.Zero(t, links[0].Stats().SendErrors)
	assert.EqualValues(t, frames, links[1].Stats().Received)
}

// tcp is a long segment from interface 1 to 9.
func tcp(t testing.TB, n int) []byte {
	a, b := mac(1), mac(9)
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: ip(1).AsSlice(), DstIP: ip(9).AsSlice()}
	l := &layers.TCP{SrcPort: 1, DstPort: 2, ACK: true}
	require.NoError(t, l.SetNetworkLayerForChecksum(ip))
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(i >> 4)
	}
	buffer := gopacket.NewSerializeBuffer()
	require.NoError(t, gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true},
		&layers.Ethernet{SrcMAC: a[:], DstMAC: b[:], EthernetType: layers.EthernetTypeIPv4}, ip, l, gopacket.Payload(data)))
	const aligned = 1 << 16 // memory of that size begins at a page
	return append(make([]byte, 0, aligned), buffer.Bytes()...)
}

// slots spreads a frame over the hand's pages, beginning at an offset in the first.
func (h *hand) slots(frame []byte, offset int) (slots []netif.TXRequest) {
	size := len(frame)
	for i := 0; len(frame) > 0; i++ {
		n := copy(h.page(i)[offset:], frame)
		slots = append(slots, netif.TXRequest{Ref: h.pages.Refs[i], Offset: uint16(offset), ID: uint16(i), Size: uint16(n), Flags: netif.TXMoreData})
		frame, offset = frame[n:], 0
	}
	slots[0].Size = uint16(size)
	slots[len(slots)-1].Flags = 0
	return slots
}

// TestLongSegment: a segment of 64 KiB arrives whole, with what is still to be done to it.
func TestLongSegment(t *testing.T) {
	s := set(t)
	w := s.watch(9)
	nic := s.nic(1)
	h := s.byHand(1, allFeatures)
	frame := tcp(t, 61000)
	slots := h.slots(frame, 1000)
	slots[0].Flags |= netif.TXExtraFollows | netif.TXChecksumBlank
	extra := netif.GSO{Type: netif.GSOTCPv4, Size: 1460}.Extra().TXSlot()
	h.send(append([]netif.TXRequest{slots[0], extra}, slots[1:]...)...)
	got := w.next(t)
	assert.Equal(t, packet.TCPv4, got.Segments)
	assert.EqualValues(t, 1460, got.MSS)
	assert.True(t, got.Blank)
	assert.True(t, bytes.Equal(frame[54:], got.Data[54:]))
	for i, r := range h.answered(len(slots) + 1) {
		if i == 1 {
			assert.Equal(t, netif.StatusNull, r.Status)
		} else {
			assert.Equal(t, netif.StatusOK, r.Status)
		}
	}
	assert.EqualValues(t, 1, nic.Stats.Sent.Load())
	assert.EqualValues(t, len(frame), nic.Stats.SentBytes.Load())

	// And back: to the guest.
	back := got
	back.Data = bytes.Clone(got.Data)
	packet.SetAddresses(back.Data, mac(1), mac(9))
	pages := []int{20, 3, 7, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 19, 18}
	h.give(pages...)
	w.port.Receive([]packet.Frame{back})
	responses := h.received(len(pages))
	assert.Equal(t, netif.RXExtraFollows|netif.RXMoreData|netif.RXChecksumBlank|netif.RXDataValidated, responses[0].Flags)
	assert.Equal(t, netif.GSO{Type: netif.GSOTCPv4, Size: 1460}, responses[1].Extra().GSO())
	var whole []byte
	for i, r := range responses {
		if i == 1 {
			continue // the extra slot's page has nothing
		}
		assert.EqualValues(t, 100+pages[i], r.ID)
		assert.Equal(t, i < len(pages)-1, r.Flags&netif.RXMoreData != 0)
		whole = append(whole, h.page(pages[i])[:r.Status]...)
	}
	assert.True(t, bytes.Equal(back.Data, whole))
}

// TestFeatures: a guest gets what it can take.
func TestFeatures(t *testing.T) {
	for name, c := range map[string]struct {
		features map[string]string
		whole    bool
		blank    bool
	}{
		"all":         {allFeatures, true, true},
		"none":        {nil, false, true},
		"no scatter":  {map[string]string{"feature-gso-tcpv4": "1"}, false, true},
		"no checksum": {map[string]string{"feature-sg": "1", "feature-gso-tcpv4": "1", "feature-no-csum-offload": "1"}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := set(t)
			w := s.watch(9)
			s.nic(1)
			h := s.byHand(1, c.features)
			long := packet.Frame{Data: tcp(t, 5000), Segments: packet.TCPv4, MSS: 1400}
			short := packet.Frame{Data: tcp(t, 50), Blank: true}
			for _, f := range []packet.Frame{long, short} {
				packet.SetAddresses(f.Data, mac(1), mac(9))
			}
			h.give(0, 1, 2, 3, 4, 5, 6, 7)
			w.port.Receive([]packet.Frame{long})
			if c.whole {
				assert.EqualValues(t, 4096, h.received(3)[0].Status)
			} else {
				for i, r := range h.received(4) {
					assert.EqualValues(t, []int{1454, 1454, 1454, 854}[i], r.Status)
					assert.Equal(t, netif.RXDataValidated, r.Flags)
				}
			}
			w.port.Receive([]packet.Frame{short})
			assert.Equal(t, c.blank, h.received(1)[0].Flags&netif.RXChecksumBlank != 0)
		})
	}
}

// TestWaiting: frames wait for pages, in order and not without end, and come when there are some.
func TestWaiting(t *testing.T) {
	s := set(t)
	w := s.watch(9)
	nic := s.nic(1)
	h := s.byHand(1, allFeatures)
	const sent, kept = 600, 512
	for i := range uint32(sent) {
		w.port.Receive([]packet.Frame{{Data: udp(9, 1, binary.BigEndian.AppendUint32(nil, i))}})
	}
	assert.EqualValues(t, sent-kept, nic.Stats.Dropped.Load())
	for i := uint32(0); i < kept; i += 32 {
		for k := range 32 {
			h.give(k)
		}
		for k, r := range h.received(32) {
			require.EqualValues(t, 46, r.Status)
			require.Equal(t, i+uint32(k), binary.BigEndian.Uint32(h.page(k)[42:]))
		}
	}
	assert.EqualValues(t, kept, nic.Stats.Received.Load())
	w.port.Receive([]packet.Frame{{Data: udp(9, 1, make([]byte, 4))}})
	h.give(0)
	h.received(1)
}

// A guest that gives pages while frames are given to it, too early to be asked to tell of them, gets what waits for these pages all the same.
func TestGivesMeanwhile(t *testing.T) {
	s := set(t)
	w := s.watch(9)
	nic := s.nic(1)
	h := s.byHand(1, allFeatures)
	h.give(0)
	require.Eventually(t, func() bool { return nic.Stats.Events.Load() > 0 }, time.Minute, time.Millisecond, "it tells of the first one")
	next := 1
	s.Before(func() {
		if next < 3 {
			next++
			h.give(next - 1)
		}
	})
	frames := make([]packet.Frame, 3)
	for i := range frames {
		frames[i].Data = udp(9, 1, []byte{byte(i)})
	}
	w.port.Receive(frames)
	assert.EqualValues(t, 3, nic.Stats.Received.Load(), "nothing else has to happen")
	assert.Len(t, h.received(3), 3)
}

// TestRestart: a daemon that comes after another goes on with the guest's rings; what was not answered is not lost.
func TestRestart(t *testing.T) {
	s := set(t)
	w := s.watch(9)
	nic := s.nic(1)
	h := s.byHand(1, allFeatures)
	h.give(0, 1)
	for round := range 3 {
		copy(h.page(40), udp(1, 9, []byte{byte(round)}))
		h.send(netif.TXRequest{Ref: h.pages.Refs[40], Size: 43})
		assert.EqualValues(t, round, w.next(t).Data[42])
		h.answered(1)
		require.NoError(t, s.daemon.Stop(context.Background()))
		assert.Zero(t, s.Host.Mapped())
		copy(h.page(41), udp(1, 9, []byte{0x80 + byte(round)}))
		h.send(netif.TXRequest{Ref: h.pages.Refs[41], Size: 43}) // to nobody yet
		w.port.Receive([]packet.Frame{{Data: udp(9, 1, nil)}})
		s.start()
		require.NoError(t, s.daemon.Attach(device(1), nic))
		assert.EqualValues(t, 0x80+round, w.next(t).Data[42])
		h.answered(1)
		w.port.Receive([]packet.Frame{{Data: udp(9, 1, []byte{byte(round)})}})
		r := h.received(1)[0]
		assert.EqualValues(t, 100+round%2, r.ID)
		assert.EqualValues(t, round, h.page(round % 2)[42])
		h.give(round % 2)
	}
	assert.EqualValues(t, 3, nic.Stats.Dropped.Load(), "what came while nobody served")
}

func BenchmarkSend(b *testing.B) {
	s := set(b)
	nic := s.nic(1)
	nic.Join(nowhere{})
	h := s.byHand(1, allFeatures)
	copy(h.page(0), udp(1, 9, make([]byte, 1400)))
	b.ReportAllocs()
	const each = 64
	for range (b.N + each - 1) / each {
		for range each {
			h.tx.Put(&netif.TXRequest{Ref: h.pages.Refs[0], Size: 1442})
		}
		h.tx.Push()
		_ = h.channel.Notify()
		h.answered(each)
	}
}

type nowhere struct{}

func (nowhere) Receive([]packet.Frame) {}
func (nowhere) SetTakes(packet.Takes)  {}
