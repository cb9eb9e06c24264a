package netback_test

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/backend/backendtest"
	"tuco/control/packet"
	"tuco/guestlib/frontend/model"
	"tuco/hypercall"
	"tuco/ring"
	"tuco/ring/netif"
)

// closed tells that the back end has closed a device for a reason, which is in the store.
func (h *hand) closed(t *testing.T, reason string) {
	t.Helper()
	h.Await(t, device(uint32(h.n)), hypercall.XenbusStateClosing)
	text, err := h.Tree.Read(device(uint32(h.n)).Back(model.Back) + "/error")
	require.NoError(t, err)
	assert.Contains(t, text, reason)
	assert.Zero(t, h.Host.Mapped())
}

// alive checks that an interface works, both ways.
func (h *hand) alive(t *testing.T, w *watcher) {
	t.Helper()
	for len(w.frames) > 0 {
		<-w.frames
	}
	copy(h.page(60), udp(h.n, 9, []byte("alive")))
	h.send(netif.TXRequest{Ref: h.pages.Refs[60], Size: 47})
	assert.Equal(t, "alive", string(w.next(t).Data[42:]))
	assert.Equal(t, netif.StatusOK, h.answered(1)[0].Status)
	h.give(61)
	w.port.Receive([]packet.Frame{{Data: udp(9, h.n, []byte("well"))}})
	assert.EqualValues(t, 46, h.received(1)[0].Status)
}

// TestMisbehaved: each of these ends the connection, and no other's.
func TestMisbehaved(t *testing.T) {
	header := func(h *hand, i int) *ring.Header { return ring.HeaderOf(h.rings[i].Memory) }
	for name, c := range map[string]struct {
		do     func(h *hand)
		reason string
	}{
		"TX index too far": {func(h *hand) {
			atomic.StoreUint32(&header(h, 0).ReqProd, 257)
			_ = h.channel.Notify()
		}, "index is impossible"},
		"TX index back": {func(h *hand) {
			h.send(netif.TXRequest{Ref: h.pages.Refs[0], Size: 60})
			h.answered(1)
			atomic.StoreUint32(&header(h, 0).ReqProd, 0)
			_ = h.channel.Notify()
		}, "index is impossible"},
		"frame goes on": {func(h *hand) {
			h.send(netif.TXRequest{Ref: h.pages.Refs[0], Size: 100, Flags: netif.TXMoreData})
		}, "don't fit together"},
		"extra is missing": {func(h *hand) {
			h.send(netif.TXRequest{Ref: h.pages.Refs[0], Size: 100, Flags: netif.TXExtraFollows})
		}, "don't fit together"},
		"slots for ever": {func(h *hand) {
			var slots []netif.TXRequest
			for range 24 {
				slots = append(slots, netif.TXRequest{Ref: h.pages.Refs[0], Size: 1, Flags: netif.TXMoreData})
			}
			h.send(slots...)
		}, "more than 24"},
		"extras for ever": {func(h *hand) {
			slots := []netif.TXRequest{{Ref: h.pages.Refs[0], Size: 1, Flags: netif.TXExtraFollows}}
			e := netif.GSO{Type: netif.GSOTCPv4, Size: 1000}.Extra()
			e.Flags = netif.ExtraMore
			for range 24 {
				slots = append(slots, e.TXSlot())
			}
			h.send(slots...)
		}, "more than 24"},
		"RX index too far": {func(h *hand) {
			atomic.StoreUint32(&header(h, 1).ReqProd, 257)
			h.sw.Port("watcher9").Receive([]packet.Frame{{Data: udp(9, 1, nil)}})
		}, "index is impossible"},
		"RX index too far, while frames wait": {func(h *hand) {
			h.sw.Port("watcher9").Receive([]packet.Frame{{Data: udp(9, 1, nil)}, {Data: udp(9, 1, nil)}})
			atomic.StoreUint32(&header(h, 1).ReqProd, 300)
			_ = h.channel.Notify()
		}, "index is impossible"},
	} {
		t.Run(name, func(t *testing.T) {
			s := set(t)
			w := s.watch(9)
			s.nic(1)
			s.nic(2)
			h := s.byHand(1, allFeatures)
			c.do(h)
			h.closed(t, c.reason)
			other := s.byHand(2, allFeatures)
			other.alive(t, w)
			// The same guest may come again, when it has begun anew.
			h.Say(device(1), map[string]string{"state": "6"})
			h.Await(t, device(1), hypercall.XenbusStateClosed)
			h.Say(device(1), map[string]string{"state": "1"})
			h.Await(t, device(1), hypercall.XenbusStateInitWait)
			s.byHand(1, allFeatures).alive(t, w)
		})
	}
}

// TestBadFrames: each of these is answered with an error, and the connection goes on.
func TestBadFrames(t *testing.T) {
	s := set(t)
	w := s.watch(9)
	nic := s.nic(1)
	h := s.byHand(1, allFeatures)
	ref := h.pages.Refs[0]
	extra := func(kind netif.ExtraType) netif.TXRequest {
		e := netif.GSO{Type: 9, Size: 0}.Extra()
		e.Type = kind
		return e.TXSlot()
	}
	for name, slots := range map[string][]netif.TXRequest{
		"over the page's end": {{Ref: ref, Offset: 4000, Size: 97}},
		"far over it":         {{Ref: ref, Offset: 0xffff, Size: 0xffff}},
		"nothing":             {{Ref: ref}},
		"less than its parts": {{Ref: ref, Size: 100, Flags: netif.TXMoreData}, {Ref: ref, Size: 100}},
		"an empty part":       {{Ref: ref, Size: 100, Flags: netif.TXMoreData}, {Ref: ref}},
		"no grant":            {{Ref: 0xdead, Size: 100}},
		"one part no grant":   {{Ref: ref, Size: 200, Flags: netif.TXMoreData}, {Ref: 1 << 31, Size: 100}},
		"extra of a kind":     {{Ref: ref, Size: 100, Flags: netif.TXExtraFollows}, extra(netif.ExtraMulticastAdd)},
		"cut as nobody knows": {{Ref: ref, Size: 100, Flags: netif.TXExtraFollows}, extra(netif.ExtraGSO)},
	} {
		h.send(slots...)
		for _, r := range h.answered(len(slots)) {
			assert.NotEqual(t, netif.StatusOK, r.Status, name)
		}
		assert.Empty(t, w.frames, name)
	}
	assert.EqualValues(t, 7, nic.Stats.Bad.Load())
	assert.EqualValues(t, 2, nic.Stats.CopyErrors.Load())
	assert.Zero(t, nic.Stats.Sent.Load())
	h.alive(t, w)

	// What the frame itself says is the switch's to check.
	copy(h.page(0), udp(2, 9, nil))
	h.send(netif.TXRequest{Ref: ref, Size: 42}, netif.TXRequest{Ref: ref, Size: 5})
	assert.Equal(t, []netif.TXResponse{{Status: netif.StatusOK}, {Status: netif.StatusOK}}, h.answered(2))
	h.alive(t, w)
	assert.EqualValues(t, 1, s.sw.Port("vif1").Stats().Spoofed)
	assert.EqualValues(t, 1, s.sw.Port("vif1").Stats().Malformed)
}

// TestBadPages: a frame for pages that can't be written is lost, with an error for each of them, and no other is.
func TestBadPages(t *testing.T) {
	s := set(t)
	w := s.watch(9)
	nic := s.nic(1)
	h := s.byHand(1, allFeatures)
	readOnly, err := s.Share(model.Back, 1, true)
	require.NoError(t, err)
	bad := func(refs ...hypercall.GrantRef) {
		for i, ref := range refs {
			h.rx.Put(&netif.RXRequest{ID: uint16(7 + i), Ref: ref})
		}
		h.rx.Push()
	}
	long := packet.Frame{Data: tcp(t, 5000), Segments: packet.TCPv4, MSS: 1400}
	packet.SetAddresses(long.Data, mac(1), mac(9))
	bad(h.pages.Refs[0], h.pages.Refs[1], 0xdead)
	w.port.Receive([]packet.Frame{long})
	bad(readOnly.Refs[0])
	h.give(2)
	w.port.Receive([]packet.Frame{{Data: udp(9, 1, nil)}, {Data: udp(9, 1, []byte("good"))}})
	for i, r := range h.received(5) {
		if i == 4 {
			assert.Equal(t, netif.RXResponse{ID: 102, Status: 46}, r)
			break
		}
		assert.Equal(t, netif.RXResponse{ID: uint16([]int{7, 8, 9, 7}[i]), Status: netif.StatusError}, r)
	}
	assert.EqualValues(t, 2, nic.Stats.CopyErrors.Load())
	assert.EqualValues(t, 1, nic.Stats.Received.Load())
	h.alive(t, w)
}

// TestRefused: front ends that can't be served, with what they have to do.
func TestRefused(t *testing.T) {
	for node, c := range map[string]struct{ value, reason string }{
		"request-rx-copy":         {"0", "request-rx-copy is not 1"},
		"feature-rx-notify":       {"0", "feature-rx-notify is not 1"},
		"multi-queue-num-queues":  {"2", "no number up to 1"},
		"feature-sg":              {"yes", `says "yes"`},
		"feature-gso-tcpv4":       {"2", "no number up to 1"},
		"tx-ring-ref":             {"99999", "grant 99999 is none"},
		"rx-ring-ref":             {"-1", `says "-1"`},
		"event-channel":           {"99999", "event-channel"},
		"feature-no-csum-offload": {"", `says ""`},
	} {
		t.Run(node, func(t *testing.T) {
			s := set(t)
			w := s.watch(9)
			s.nic(1)
			good := s.byHand(1, allFeatures)
			good.Say(device(1), map[string]string{"state": "6"})
			good.Await(t, device(1), hypercall.XenbusStateClosed)
			good.Say(device(1), map[string]string{"state": "1"})
			good.Await(t, device(1), hypercall.XenbusStateInitWait)
			s.Say(device(1), map[string]string{
				"tx-ring-ref": fmt.Sprint(good.rings[0].Refs[0]), "rx-ring-ref": fmt.Sprint(good.rings[1].Refs[0]),
				"event-channel": fmt.Sprint(good.channel.Port()), "request-rx-copy": "1", "feature-rx-notify": "1",
			})
			s.Say(device(1), map[string]string{node: c.value})
			s.Say(device(1), map[string]string{"state": "4"})
			good.closed(t, c.reason)
			assert.Empty(t, w.frames)
		})
	}
}

// TestChanging: a front end that changes its memory whenever the back end is about to copy, and rings that are noise.
func TestChanging(t *testing.T) {
	s := set(t)
	w := s.watch(9)
	s.nic(1)
	s.nic(2)
	victim := s.byHand(2, allFeatures)
	r := rand.New(rand.NewPCG(1, 2))
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	for range rounds {
		h := s.byHand(1, allFeatures)
		for i := range 40 {
			h.tx.Put(&netif.TXRequest{Ref: h.pages.Refs[i], Size: uint16(60 + r.IntN(4000)), Flags: netif.TXFlags(r.Uint32() & 15)})
			h.rx.Put(&netif.RXRequest{ID: uint16(r.Uint32()), Ref: h.pages.Refs[i] + hypercall.GrantRef(r.IntN(2)*1000)})
		}
		h.rx.Push()
		for range 10 {
			w.port.Receive([]packet.Frame{{Data: udp(9, 1, make([]byte, 100))}})
		}
		memory := h.rings[0].Memory[64:]
		seed := r.Uint64()
		s.Before(func() { // the slots that have been taken and those that will be
			at := rand.New(rand.NewPCG(seed, 3))
			for range 20 {
				memory[at.IntN(len(memory))] = byte(at.Uint32())
			}
		})
		h.tx.Push()
		_ = h.channel.Notify()
		eventually(t, func() bool { // it is served to the end, or closed
			state, _ := s.Tree.Read(device(1).Back(model.Back) + "/state")
			header := ring.HeaderOf(h.rings[0].Memory)
			return state != "4" || atomic.LoadUint32(&header.RspProd) == atomic.LoadUint32(&header.ReqProd)
		})
		s.Before(nil)
		s.Say(device(1), map[string]string{"state": "6"})
		s.Await(t, device(1), hypercall.XenbusStateClosed)
		s.Say(device(1), map[string]string{"state": "1"})
		s.Await(t, device(1), hypercall.XenbusStateInitWait)
	}
	victim.alive(t, w)
}

func eventually(t testing.TB, what func() bool) {
	t.Helper()
	require.Eventually(t, what, time.Minute, time.Millisecond)
}

// TestNotifiesForNothing: events with nothing behind them are looked at ever more slowly, and then frames go through as before.
func TestNotifiesForNothing(t *testing.T) {
	s, clock := set(t), &backendtest.Clock{}
	s.clock = clock
	w := s.watch(9)
	nic := s.nic(1)
	h := s.byHand(1, allFeatures)
	require.Eventually(t, func() bool { // events that come together are one
		_ = h.channel.Notify()
		return clock.Waiting() > 0
	}, time.Minute, time.Millisecond, "nobody makes it wait")
	events := nic.Stats.Events.Load()
	for range 1000 {
		_ = h.channel.Notify()
	}
	assert.Equal(t, events, nic.Stats.Events.Load())

	over := make(chan struct{})
	defer close(over)
	go func() { // time passes from now on
		for {
			select {
			case <-over:
				return
			case <-time.After(time.Millisecond):
				clock.Pass(time.Second)
			}
		}
	}()
	h.alive(t, w)
}
