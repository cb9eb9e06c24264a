package netfront_test

import (
	"bytes"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/guestlib/frontend"
	"tuco/guestlib/frontend/model"
	"tuco/guestlib/netfront"
	"tuco/ring"
	"tuco/ring/netif"
)

type session = *model.NICSession

// byHand opens an interface whose back end is the test.
func byHand(t testing.TB) (session, *netfront.Link) {
	_, back, link := open(t, model.NICConfig{ByHand: true})
	return <-back.Sessions, link
}

// received puts a response to the next request for receiving.
func received(t testing.TB, s session, change func(*netif.RXResponse)) {
	var req netif.RXRequest
	ok, err := s.RX.Take(&req)
	require.NoError(t, err)
	require.True(t, ok)
	rsp := netif.RXResponse{ID: req.ID, Status: 60}
	change(&rsp)
	s.RX.Put(&rsp)
	s.RX.Push()
}

// TestHostileReceive: each of these ends the connection.
func TestHostileReceive(t *testing.T) {
	for name, change := range map[string]func(*netif.RXResponse){
		"another page":     func(r *netif.RXResponse) { r.ID++ },
		"no page":          func(r *netif.RXResponse) { r.ID = 0xffff },
		"beyond the page":  func(r *netif.RXResponse) { r.Offset = 4037 },
		"far beyond":       func(r *netif.RXResponse) { r.Offset = 0xffff },
		"too long":         func(r *netif.RXResponse) { r.Status = 4097 },
		"longest":          func(r *netif.RXResponse) { r.Status = 0x7fff },
		"negative":         func(r *netif.RXResponse) { r.Status = -3 },
		"most negative":    func(r *netif.RXResponse) { r.Status = -0x8000 },
		"goes on":          func(r *netif.RXResponse) { r.Flags = netif.RXMoreData },
		"says more":        func(r *netif.RXResponse) { r.Flags = netif.RXExtraFollows },
		"to be segmented":  func(r *netif.RXResponse) { r.Flags = netif.RXGSOPrefix },
		"all of the flags": func(r *netif.RXResponse) { r.Flags = 0xffff },
	} {
		t.Run(name, func(t *testing.T) {
			s, link := byHand(t)
			received(t, s, func(*netif.RXResponse) {})
			received(t, s, change)
			_ = s.Channel.Notify()
			in := room(4)
			n, err := link.Receive(in[:1])
			require.NoError(t, err, "what came before is good")
			require.Equal(t, 1, n)
			_, err = link.Receive(in)
			assert.ErrorIs(t, err, frontend.ErrMisbehaved)
			assert.ErrorContains(t, err, "device/vif/0: ")
			_, err = link.Send([]netfront.Frame{frame(60, 0)})
			assert.ErrorIs(t, err, frontend.ErrMisbehaved)
		})
	}
}

// TestLostFrames: these are not worth a connection.
func TestLostFrames(t *testing.T) {
	s, link := byHand(t)
	for _, change := range []func(*netif.RXResponse){
		func(r *netif.RXResponse) { r.Status = netif.StatusError },
		func(r *netif.RXResponse) { r.Status = netif.StatusDropped },
		func(r *netif.RXResponse) { r.Status = 0 },
		func(r *netif.RXResponse) { r.Status = 13 },
		func(r *netif.RXResponse) { r.Status = 4096 },
		func(r *netif.RXResponse) { r.Flags = netif.RXChecksumBlank },
		func(r *netif.RXResponse) { r.Status, r.Offset = 77, 4096-77 },
	} {
		received(t, s, change)
	}
	_ = s.Channel.Notify()
	in := []netfront.Frame{{Data: make([]byte, 2000)}}
	n, err := link.Receive(in)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	assert.Len(t, in[0].Data, 77)
	stats := link.Stats()
	assert.EqualValues(t, 2, stats.ReceiveErrors)
	assert.EqualValues(t, 2, stats.TooShort)
	assert.EqualValues(t, 1, stats.TooLong)
	assert.EqualValues(t, 1, stats.NoChecksum)
	assert.EqualValues(t, 1, stats.Received)
}

// TestHostileSend: each of these ends the connection.
func TestHostileSend(t *testing.T) {
	put := func(s session, rsp netif.TXResponse) { s.TX.Put(&rsp); s.TX.Push() }
	for name, answer := range map[string]func(session, netif.TXRequest){
		"unknown frame": func(s session, _ netif.TXRequest) { put(s, netif.TXResponse{ID: 255}) },
		"no frame":      func(s session, _ netif.TXRequest) { put(s, netif.TXResponse{ID: 256}) },
		"answered twice": func(s session, r netif.TXRequest) {
			put(s, netif.TXResponse{ID: r.ID})
			put(s, netif.TXResponse{ID: r.ID})
		},
		"no extra": func(s session, r netif.TXRequest) {
			put(s, netif.TXResponse{ID: r.ID, Status: netif.StatusNull})
		},
		"unknown status":  func(s session, r netif.TXRequest) { put(s, netif.TXResponse{ID: r.ID, Status: -3}) },
		"more than asked": func(s session, _ netif.TXRequest) { atomic.StoreUint32(&ring.HeaderOf(s.TXMemory).RspProd, 3) },
		"behind": func(s session, _ netif.TXRequest) {
			atomic.StoreUint32(&ring.HeaderOf(s.TXMemory).RspProd, 1<<31)
		},
		"more to receive": func(s session, _ netif.TXRequest) {
			atomic.StoreUint32(&ring.HeaderOf(s.RXMemory).RspProd, 257)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, link := byHand(t)
			_, err := link.Send([]netfront.Frame{frame(60, 0), frame(60, 1)})
			require.NoError(t, err)
			var req netif.TXRequest
			for range 2 {
				ok, err := s.TX.Take(&req)
				require.NoError(t, err)
				require.True(t, ok)
			}
			answer(s, req)
			_ = s.Channel.Notify()
			_, err = link.Receive(room(1)) // waits, and is told
			assert.ErrorIs(t, err, frontend.ErrMisbehaved)
			assert.ErrorContains(t, err, "device/vif/0: ")
			_, err = link.Send([]netfront.Frame{frame(60, 0)})
			assert.ErrorIs(t, err, frontend.ErrMisbehaved)
		})
	}
}

// FuzzHostileBackEnd plays a back end of which each step is some bytes of a script. Nothing may panic or hang, and nothing may be
// left.
func FuzzHostileBackEnd(f *testing.F) {
	f.Add([]byte{0, 60, 0, 0, 4, 1, 2, 4})
	f.Add([]byte{0, 60, 255, 2, 4, 3, 200, 4})
	f.Add([]byte{1, 1, 0, 5, 7, 4, 2, 2, 2, 4})
	f.Fuzz(func(t *testing.T, script []byte) {
		s, link := byHand(t)
		var wg sync.WaitGroup
		wg.Go(func() {
			for {
				if _, err := link.Send(make300()); err != nil {
					return
				}
			}
		})
		wg.Go(func() {
			in := room(3)
			for {
				if _, err := link.Receive(in); err != nil {
					return
				}
			}
		})
		next := func() (b byte) {
			if len(script) > 0 {
				b, script = script[0], script[1:]
			}
			return b
		}
		for len(script) > 0 {
			switch next() % 7 {
			case 0: // a frame, of whatever kind
				var req netif.RXRequest
				if ok, _ := s.RX.Take(&req); ok {
					rsp := netif.RXResponse{ID: req.ID, Status: netif.Status(next()), Offset: uint16(next()) << 4, Flags: netif.RXFlags(next())}
					s.RX.Put(&rsp)
				}
			case 1: // a response, of whatever kind
				s.TX.Put(&netif.TXResponse{ID: uint16(next()), Status: netif.Status(int8(next()))})
			case 2: // a true one
				var req netif.TXRequest
				if ok, _ := s.TX.Take(&req); ok {
					s.TX.Put(&netif.TXResponse{ID: req.ID})
				}
			case 3:
				atomic.AddUint32(&ring.HeaderOf(s.RXMemory).RspProd, uint32(int8(next())))
			case 4:
				s.TX.Push()
				s.RX.Push()
				_ = s.Channel.Notify()
			case 5:
				atomic.AddUint32(&ring.HeaderOf(s.TXMemory).RspProd, uint32(int8(next())))
			case 6:
				_, _ = s.TX.FinalCheck()
				_, _ = s.RX.FinalCheck()
			}
		}
		require.NoError(t, link.Close())
		wg.Wait()
	})
}

// TestEventsWithoutReason: a back end that sends nothing but events is slowed down, though there is a frame that nobody takes.
func TestEventsWithoutReason(t *testing.T) {
	s, link := byHand(t)
	received(t, s, func(*netif.RXResponse) {})
	for range 200_000 {
		_ = s.Channel.Notify()
	}
	assert.Less(t, link.Stats().Events, uint64(100_000))
	n, err := link.Receive(room(1))
	assert.NoError(t, err)
	assert.Equal(t, 1, n)
}

// TestXSA403NothingElseShared: the back end can see frames that were sent, and nothing else of the program's.
func TestXSA403NothingElseShared(t *testing.T) {
	host, _, link := open(t, model.NICConfig{ByHand: true})
	memory := bytes.Repeat([]byte("secret!!"), 4096)
	_, err := link.Send([]netfront.Frame{{Data: memory[1000:1096]}, {Data: memory[9000:9016]}})
	require.NoError(t, err)
	secrets := 0
	host.EachShared(func(page []byte) { secrets += bytes.Count(page, []byte("secret!!")) })
	assert.Equal(t, (96+16)/8, secrets)
}
