package main

import (
	"maps"
	"math"
	"sync/atomic"

	"tuco/control/backend"
	"tuco/hypercall"
	"tuco/ring"
	"tuco/ring/netif"
)

// nicDriver is the back end of a network interface of which the far end says something when it is said something.
type nicDriver struct {
	offer map[string]string // in place of the truth

	// sent answers a frame that was sent, received the next page for a frame.
	sent     func(*nic, netif.TXRequest)
	received func(*nic, netif.RXRequest)
}

// Offer implements backend.Driver.
func (d *nicDriver) Offer() map[string]string {
	offer := map[string]string{netif.KeyRXCopy: "1"}
	maps.Copy(offer, d.offer)
	return offer
}

// Ready implements backend.Driver.
func (d *nicDriver) Ready() hypercall.XenbusState { return hypercall.XenbusStateConnected }

// Connect implements backend.Driver.
func (d *nicDriver) Connect(p *backend.Peer) (backend.Session, map[string]string, error) {
	s, err := begin(p, []string{netif.KeyTXRingRef, netif.KeyRXRingRef}, func(s *session) {
		n := &nic{
			session: s, tx: ring.MakeBack[netif.TXRequest, netif.TXResponse](s.rings[0].Bytes()), rx: ring.MakeBack[netif.RXRequest, netif.RXResponse](s.rings[1].Bytes()),
		}
		n.serve(d)
	})
	if err != nil {
		return nil, nil, err
	}
	return s, nil, nil
}

// nic is a connection.
type nic struct {
	*session
	tx netif.TXBack
	rx netif.RXBack
}

// serve has frames answered, of which one comes for each that was sent.
func (n *nic) serve(d *nicDriver) {
	for n.wait() {
		for more := true; more; {
			var sent netif.TXRequest
			ok, err := n.tx.Take(&sent)
			if err != nil {
				return
			}
			if ok {
				d.sent(n, sent)
				var room netif.RXRequest
				if ok, err := n.rx.Take(&room); ok && err == nil {
					d.received(n, room)
				}
				continue
			}
			if more, err = n.tx.FinalCheck(); err != nil {
				return
			}
		}
	}
}

func (n *nic) answer(r netif.TXResponse) {
	n.tx.Put(&r)
	n.tx.Push()
	n.notify()
}

func (n *nic) bring(r netif.RXResponse) {
	n.rx.Put(&r)
	n.rx.Push()
	n.notify()
}

// produced are where the front end reads how far the responses are: those for frames sent, and frames received.
func (n *nic) produced(ring_ int) *uint32 { return &ring.HeaderOf(n.rings[ring_].Bytes()).RspProd }

// What a back end should do. A frame that comes has 60 bytes, which are whatever the page has.
func sent(n *nic, r netif.TXRequest)     { n.answer(netif.TXResponse{ID: r.ID}) }
func received(n *nic, r netif.RXRequest) { n.bring(netif.RXResponse{ID: r.ID, Status: 60}) }

// badNetworks are network interfaces whose back end misbehaves.
func badNetworks() (all []device) {
	const misbehaves = `does what it must not: `
	for _, c := range []struct {
		what string
		sent func(*nic, netif.TXRequest)
		want string
	}{
		{"answers for a frame that nobody sent", func(n *nic, r netif.TXRequest) { n.answer(netif.TXResponse{ID: r.ID ^ 1}) }, `a response to frame \d+, which is not there`},
		{"answers for a frame beyond all", func(n *nic, _ netif.TXRequest) { n.answer(netif.TXResponse{ID: math.MaxUint16}) }, `a response to frame 65535`},
		{"answers with an unknown status", func(n *nic, r netif.TXRequest) { n.answer(netif.TXResponse{ID: r.ID, Status: -3}) }, `status -3 of a frame sent`},
		{"answers as for what says more of a frame", func(n *nic, r netif.TXRequest) { n.answer(netif.TXResponse{ID: r.ID, Status: netif.StatusNull}) }, `status 1 of a frame sent`},
		{"moves the sent index ahead", func(n *nic, _ netif.TXRequest) { atomic.StoreUint32(n.produced(0), 77); n.notify() }, `index is impossible`},
		{"moves the sent index back", func(n *nic, _ netif.TXRequest) { atomic.StoreUint32(n.produced(0), 1<<31); n.notify() }, `index is impossible`},
		{"moves the received index ahead", func(n *nic, _ netif.TXRequest) { atomic.StoreUint32(n.produced(1), 257); n.notify() }, `index is impossible`},
	} {
		all = append(all, device{class: "vif", what: c.what, driver: &nicDriver{sent: c.sent, received: func(*nic, netif.RXRequest) {}}, want: misbehaves + `.*` + c.want})
	}
	for _, c := range []struct {
		what   string
		change func(*netif.RXResponse)
		want   string
	}{
		{"brings a frame in another page", func(r *netif.RXResponse) { r.ID++ }, `a response to page \d+ in the slot of page`},
		{"brings a frame in no page", func(r *netif.RXResponse) { r.ID = math.MaxUint16 }, `a response to page 65535`},
		{"brings a frame that begins in its page", func(r *netif.RXResponse) { r.Offset = 4090 }, `a frame of 60 bytes at 4090 in a page`},
		{"brings a frame that begins beyond its page", func(r *netif.RXResponse) { r.Offset = math.MaxUint16 }, `a frame of 60 bytes at 65535 in a page`},
		{"brings a frame longer than its page", func(r *netif.RXResponse) { r.Status = math.MaxInt16 }, `a frame of 32767 bytes at 0 in a page`},
		{"brings a frame of a negative length", func(r *netif.RXResponse) { r.Status = math.MinInt16 }, `status -32768 of a frame received`},
		{"brings a frame that goes on", func(r *netif.RXResponse) { r.Flags = netif.RXMoreData }, `a frame with flags 0x4, which were not offered`},
		{"brings a frame with more to say", func(r *netif.RXResponse) { r.Flags = netif.RXExtraFollows }, `a frame with flags 0x8, which were not offered`},
	} {
		bring := func(n *nic, r netif.RXRequest) {
			response := netif.RXResponse{ID: r.ID, Status: 60}
			c.change(&response)
			n.bring(response)
		}
		all = append(all, device{class: "vif", what: c.what, driver: &nicDriver{sent: sent, received: bring}, want: misbehaves + c.want})
	}
	stormy := func(n *nic, r netif.TXRequest) {
		for range 100 {
			n.notify()
		}
		sent(n, r)
	}
	blank := func(n *nic, r netif.RXRequest) {
		n.bring(netif.RXResponse{ID: r.ID, Status: 60, Flags: netif.RXChecksumBlank})
		var next netif.RXRequest
		if ok, err := n.rx.Take(&next); ok && err == nil {
			received(n, next)
		}
	}
	silence := func(*nic, netif.RXRequest) {}
	return append(all,
		device{class: "vif", what: "sends events without end", driver: &nicDriver{sent: stormy, received: received}, want: works},
		device{class: "vif", what: "brings frames whose sums are for nobody to fill in", driver: &nicDriver{sent: sent, received: blank}, want: works},
		device{class: "vif", what: "hangs up at each frame, and comes again", driver: &nicDriver{sent: func(n *nic, _ netif.TXRequest) { n.hangUp() }, received: silence}, want: `the back end closed the device`},
		device{class: "vif", what: "never answers", driver: &nicDriver{sent: func(*nic, netif.TXRequest) {}, received: silence}, giveUp: true, want: `the device is closed|context deadline exceeded`},
		device{class: "vif", what: "copies nothing", driver: &nicDriver{offer: map[string]string{netif.KeyRXCopy: "0"}}, want: `the back end can't copy`},
		device{class: "vif", what: "copies twice", driver: &nicDriver{offer: map[string]string{netif.KeyRXCopy: "2"}}, want: `which is no number up to 1`},
	)
}
