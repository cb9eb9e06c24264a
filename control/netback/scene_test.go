package netback_test

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/backend"
	"tuco/control/backend/backendtest"
	"tuco/control/limit"
	"tuco/control/netback"
	"tuco/control/packet"
	"tuco/control/vswitch"
	"tuco/guestlib/frontend"
	"tuco/guestlib/frontend/model"
	"tuco/hypercall"
	"tuco/ring"
	"tuco/ring/netif"
)

// scene is a machine with a switch, and the daemon that serves its guest's interfaces.
type scene struct {
	*backendtest.Machine
	t      testing.TB
	sw     *vswitch.Switch
	daemon *backend.Daemon
	clock  limit.Clock // the interfaces', if it isn't nil
}

func set(t testing.TB) *scene {
	s := &scene{Machine: backendtest.New(), t: t, sw: vswitch.New(vswitch.Limits{}, time.Now)}
	s.start()
	t.Cleanup(func() {
		require.NoError(t, s.daemon.Stop(context.Background()))
		assert.Zero(t, s.Host.Mapped(), "nothing stays mapped")
		assert.Zero(t, s.Tree.Watches())
	})
	return s
}

func (s *scene) start() {
	s.daemon = backend.NewDaemon(s.Config(&backendtest.Clock{Lively: true}))
}

func device(n uint32) backend.Device {
	return backend.Device{Class: "vif", Domain: model.Guest, ID: n}
}

func mac(n byte) packet.MAC { return packet.MAC{0, 0x16, 0x3e, 0, 0, n} }
func ip(n byte) netip.Addr  { return netip.AddrFrom4([4]byte{10, 0, 0, n}) }

// nic plugs interface n in and has it served. The port's filter is on.
func (s *scene) nic(n byte) *netback.NIC {
	nic := netback.New()
	if s.clock != nil {
		nic.Clock = s.clock
	}
	port, err := s.sw.Add(vswitch.Options{Name: fmt.Sprint("vif", n), MAC: mac(n), Addresses: []netip.Addr{ip(n)}}, nic)
	require.NoError(s.t, err)
	nic.Join(port)
	s.Plug(device(uint32(n)), map[string]string{"mac": mac(n).String()}, nil)
	require.NoError(s.t, s.daemon.Attach(device(uint32(n)), nic))
	return nic
}

// watcher is a trusted port that keeps what it gets.
type watcher struct {
	port   *vswitch.Port
	frames chan packet.Frame
}

func (w *watcher) Deliver(frames []packet.Frame) {
	for _, f := range frames {
		f.Data = bytes.Clone(f.Data)
		w.frames <- f
	}
}

// watch adds a port that takes everything, with address n.
func (s *scene) watch(n byte) *watcher {
	w := &watcher{frames: make(chan packet.Frame, 10000)}
	var err error
	w.port, err = s.sw.Add(vswitch.Options{Name: fmt.Sprint("watcher", n), MAC: mac(n), Trusted: true, MTU: 9000, Takes: packet.TakesAll}, w)
	require.NoError(s.t, err)
	return w
}

// next is the next frame that a watcher gets.
func (w *watcher) next(t testing.TB) packet.Frame {
	t.Helper()
	select {
	case f := <-w.frames:
		return f
	case <-time.After(time.Minute):
		require.Fail(t, "no frame comes")
		return packet.Frame{}
	}
}

// udp is a frame from one interface to another.
func udp(from, to byte, data []byte) []byte {
	return packet.MakeUDP(mac(to), mac(from), netip.AddrPortFrom(ip(from), 1000), netip.AddrPortFrom(ip(to), 2000), data)
}

// hand is a front end that is the test.
type hand struct {
	*scene
	n       byte
	tx      netif.TXFront
	rx      netif.RXFront
	rings   [2]frontend.Shared
	pages   frontend.Shared // to send from, and to receive into
	channel frontend.Channel
}

const handPages = 64

// byHand connects interface n with features; what isn't given is not there.
func (s *scene) byHand(n byte, features map[string]string) *hand {
	h := &hand{scene: s, n: n}
	var err error
	for i := range h.rings {
		h.rings[i], err = s.Share(model.Back, 1, false)
		require.NoError(s.t, err)
	}
	h.pages, err = s.Share(model.Back, handPages, false)
	require.NoError(s.t, err)
	h.channel, err = s.Listen(model.Back)
	require.NoError(s.t, err)
	h.tx = ring.MakeFront[netif.TXRequest, netif.TXResponse](h.rings[0].Memory)
	h.rx = ring.MakeFront[netif.RXRequest, netif.RXResponse](h.rings[1].Memory)
	s.Say(device(uint32(n)), features)
	h.propose()
	s.Await(s.t, device(uint32(n)), hypercall.XenbusStateConnected)
	return h
}

func (h *hand) propose() {
	h.Say(device(uint32(h.n)), map[string]string{
		"tx-ring-ref": fmt.Sprint(h.rings[0].Refs[0]), "rx-ring-ref": fmt.Sprint(h.rings[1].Refs[0]),
		"event-channel": fmt.Sprint(h.channel.Port()), "request-rx-copy": "1", "feature-rx-notify": "1", "state": "4",
	})
}

var allFeatures = map[string]string{"feature-sg": "1", "feature-gso-tcpv4": "1", "feature-gso-tcpv6": "1", "feature-ipv6-csum-offload": "1"}

func (h *hand) page(i int) []byte {
	return h.pages.Memory[i*backend.PageSize:][:backend.PageSize]
}

// send puts slots and tells the back end.
func (h *hand) send(slots ...netif.TXRequest) {
	for i := range slots {
		require.True(h.t, h.tx.Put(&slots[i]))
	}
	h.tx.Push()
	require.NoError(h.t, h.channel.Notify())
}

// answered waits for responses to what was sent.
func (h *hand) answered(n int) (responses []netif.TXResponse) {
	h.t.Helper()
	for len(responses) < n {
		var r netif.TXResponse
		if _, ok, err := h.tx.Take(&r); ok {
			responses = append(responses, r)
			continue
		} else if more, err2 := h.tx.FinalCheck(1); !more {
			require.NoError(h.t, err)
			require.NoError(h.t, err2)
			h.waitEvent()
		}
	}
	return responses
}

func (h *hand) waitEvent() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	require.NoError(h.t, h.channel.Wait(ctx))
}

// give gives the back end empty pages.
func (h *hand) give(pages ...int) {
	for _, i := range pages {
		require.True(h.t, h.rx.Put(&netif.RXRequest{ID: uint16(100 + i), Ref: h.pages.Refs[i]}))
	}
	if h.rx.Push() {
		require.NoError(h.t, h.channel.Notify())
	}
}

// received waits for responses for what was given.
func (h *hand) received(n int) (responses []netif.RXResponse) {
	h.t.Helper()
	for len(responses) < n {
		var r netif.RXResponse
		if _, ok, err := h.rx.Take(&r); ok {
			responses = append(responses, r)
			continue
		} else if more, err2 := h.rx.FinalCheck(1); !more {
			require.NoError(h.t, err)
			require.NoError(h.t, err2)
			h.waitEvent()
		}
	}
	return responses
}
