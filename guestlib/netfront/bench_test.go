package netfront_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/guestlib/frontend/model"
	"tuco/guestlib/netfront"
	"tuco/ring/netif"
)

// TestNoAllocation: sending and receiving allocate nothing in the steady state.
func TestNoAllocation(t *testing.T) {
	s, link := byHand(t)
	out, in := []netfront.Frame{frame(1514, 1), frame(60, 2)}, room(2)
	round := func() {
		if _, err := link.Send(out); err != nil {
			t.Error(err)
		}
		for range out {
			var req netif.TXRequest
			_, _ = s.TX.Take(&req)
			s.TX.Put(&netif.TXResponse{ID: req.ID})
			var empty netif.RXRequest
			_, _ = s.RX.Take(&empty)
			s.RX.Put(&netif.RXResponse{ID: empty.ID, Status: 100})
		}
		s.TX.Push()
		s.RX.Push()
		if n, err := link.Receive(in); n != 2 || err != nil {
			t.Error(n, err)
		}
	}
	for range 300 { // until all pages are shared
		round()
	}
	require.Zero(t, int(testing.AllocsPerRun(1000, round)))
}

func BenchmarkSend(b *testing.B) {
	for _, batch := range []int{1, 8, 32} {
		b.Run(fmt.Sprint(batch), func(b *testing.B) {
			_, _, link := open(b, model.NICConfig{})
			var frames []netfront.Frame
			for i := range batch {
				frames = append(frames, frame(1514, uint32(i)))
			}
			b.SetBytes(1514)
			b.ResetTimer()
			for i := 0; i < b.N; i += batch {
				if _, err := link.Send(frames); err != nil {
					b.Fatal(err)
				}
			}
			s := link.Stats()
			b.ReportMetric(float64(s.Sent)/float64(max(s.SentNotify, 1)), "frames/notification")
			b.ReportMetric(float64(s.Sent)/float64(max(s.Events, 1)), "frames/event")
		})
	}
}

func BenchmarkReceive(b *testing.B) {
	for _, batch := range []int{1, 8, 32} {
		b.Run(fmt.Sprint(batch), func(b *testing.B) {
			_, back, link := open(b, model.NICConfig{})
			var frames [][]byte
			for i := range batch {
				frames = append(frames, frame(1514, uint32(i)).Data)
			}
			in := room(32)
			b.SetBytes(1514)
			b.ResetTimer()
			for i := 0; i < b.N; {
				n := back.Deliver(0, frames...)
				for i += n; n > 0; {
					got, err := link.Receive(in)
					if err != nil {
						b.Fatal(err)
					}
					n -= got
				}
			}
			s := link.Stats()
			b.ReportMetric(float64(s.Received)/float64(max(s.Events, 1)), "frames/event")
			b.ReportMetric(float64(s.Received)/float64(max(s.ReceivedNotify, 1)), "frames/notification")
		})
	}
}
