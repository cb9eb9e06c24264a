package main

import (
	"fmt"
	"sync/atomic"

	"tuco/guestlib/frontend"
	"tuco/hypercall"
	"tuco/ring"
	"tuco/ring/netif"
)

// A networkDevice is an interface with rings.
type networkDevice struct {
	*device
	memory   [2]frontend.Shared // of the rings
	pages    frontend.Shared    // for frames
	readOnly frontend.Shared
	tx       netif.TXFront
	rx       netif.RXFront
}

const tx, rx = 0, 1

// networkProposals proposes what can't be.
func networkProposals(d *device) error {
	for _, c := range []struct{ what, node, value string }{
		{"a ring that is not granted", netif.KeyTXRingRef, fmt.Sprint(noGrant)},
		{"pages to be exchanged", netif.KeyRequestRXCopy, "0"},
		{"a port that is none", netif.KeyEventChannel, "4095"},
	} {
		if err := d.begin(); err != nil {
			return err
		}
		rings, err := d.share(2, false)
		if err != nil {
			return err
		}
		nodes := map[string]string{
			netif.KeyTXRingRef: fmt.Sprint(rings.Refs[tx]), netif.KeyRXRingRef: fmt.Sprint(rings.Refs[rx]), netif.KeyRequestRXCopy: "1", netif.KeyRXNotify: "1",
		}
		nodes[c.node] = c.value
		if _, err := d.propose(nodes); err != nil {
			return err
		}
		if err := d.disconnected(c.what, c.node); err != nil {
			return err
		}
	}
	return nil
}

// connectNetwork connects as a front end should.
func connectNetwork(d *device) (*networkDevice, error) {
	if err := d.begin(); err != nil {
		return nil, err
	}
	n := &networkDevice{device: d}
	var err error
	for _, s := range []struct {
		to       *frontend.Shared
		pages    int
		readOnly bool
	}{{&n.memory[tx], 1, false}, {&n.memory[rx], 1, false}, {&n.pages, 8, false}, {&n.readOnly, 1, true}} {
		if *s.to, err = d.share(s.pages, s.readOnly); err != nil {
			return nil, err
		}
	}
	n.tx = ring.MakeFront[netif.TXRequest, netif.TXResponse](n.memory[tx].Memory)
	n.rx = ring.MakeFront[netif.RXRequest, netif.RXResponse](n.memory[rx].Memory)
	state, err := d.propose(map[string]string{
		netif.KeyTXRingRef: fmt.Sprint(n.memory[tx].Refs[0]), netif.KeyRXRingRef: fmt.Sprint(n.memory[rx].Refs[0]),
		netif.KeyRequestRXCopy: "1", netif.KeyRXNotify: "1", netif.KeyScatter: "1", netif.KeyNoChecksum: "0",
	})
	if err == nil && state != connected {
		err = fmt.Errorf("%s: %w", d.front, errRefused)
	}
	return n, err
}

// part is a part of a frame.
func (n *networkDevice) part(page, offset, size int, flags netif.TXFlags) netif.TXRequest {
	return netif.TXRequest{Ref: n.pages.Refs[page], Offset: uint16(offset), Flags: flags, ID: uint16(page), Size: uint16(size)}
}

// send sends slots, and returns what is answered for each.
func (n *networkDevice) send(slots ...netif.TXRequest) (all []netif.Status, err error) {
	for i := range slots {
		n.tx.Put(&slots[i])
	}
	if n.tx.Push() {
		n.notify()
	}
	for len(all) < len(slots) {
		var answer netif.TXResponse
		_, ok, err := n.tx.Take(&answer)
		if err != nil {
			return nil, err
		}
		if ok {
			all = append(all, answer.Status)
			continue
		}
		if more, err := n.tx.FinalCheck(1); err != nil {
			return nil, err
		} else if !more {
			n.event()
		}
	}
	return all, nil
}

func (n *networkDevice) page(i int) []byte {
	return n.pages.Memory[i*frontend.PageSize:][:frontend.PageSize]
}

// networkFrames sends what is no frame. Each time the answer is an error, or the switch drops it, and nothing else happens.
func networkFrames(d *device) error {
	n, err := connectNetwork(d)
	if err != nil {
		return err
	}
	for i := range n.page(0)[:14] {
		n.page(0)[i] = 0xff
	}
	ungranted := n.part(0, 0, 60, 0)
	ungranted.Ref = noGrant
	gso := func(g netif.GSO) netif.TXRequest { return g.Extra().TXSlot() }
	odd := netif.Extra{Type: netif.ExtraHash}
	const whole = frontend.PageSize
	for _, c := range []struct {
		what  string
		slots []netif.TXRequest
	}{
		{"a frame of nothing", []netif.TXRequest{n.part(0, 0, 0, 0)}},
		{"a frame beyond its page", []netif.TXRequest{n.part(0, 4000, 97, 0)}},
		{"a page that is not granted", []netif.TXRequest{ungranted}},
		{"parts that are more than the frame", []netif.TXRequest{n.part(0, 0, 100, netif.TXMoreData), n.part(1, 0, 101, 0)}},
		{"parts that wrap", []netif.TXRequest{n.part(0, 0, 1, netif.TXMoreData), n.part(1, 0, whole, netif.TXMoreData), n.part(2, 65000, 65000, 0)}},
		{"cutting into nothing", []netif.TXRequest{n.part(0, 0, 60, netif.TXExtraFollows), gso(netif.GSO{Type: netif.GSOTCPv4})}},
		{"cutting by no protocol", []netif.TXRequest{n.part(0, 0, 60, netif.TXExtraFollows), gso(netif.GSO{Type: 9, Size: 1000})}},
		{"an extra slot of a kind that was not offered", []netif.TXRequest{n.part(0, 0, 60, netif.TXExtraFollows), odd.TXSlot()}},
	} {
		status, err := n.send(c.slots...)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", d.front, c.what, err)
		}
		if status[0] != netif.StatusError {
			return fmt.Errorf("%s: %s: the answer is %d", d.front, c.what, status[0])
		}
	}
	// These are frames, and are answered so; that the switch drops them is seen by those who would get them.
	for _, slots := range [][]netif.TXRequest{
		{n.part(0, 0, 60, 0)}, {n.part(0, 0, 13, 0)}, {n.part(0, 0, 60, netif.TXChecksumBlank)},
		{n.part(0, 0, 60, netif.TXExtraFollows), gso(netif.GSO{Type: netif.GSOTCPv4, Size: 1})},
		{n.part(0, 0, whole, netif.TXMoreData|netif.TXChecksumBlank), n.part(1, 0, 1, 0)},
	} {
		if _, err := n.send(slots...); err != nil {
			return fmt.Errorf("%s: %w", d.front, err)
		}
	}
	refused(d.front+": frames", "answered with errors, or dropped")
	return nil
}

// networkPages has frames come for pages that can't be written to: they are answered with errors, and those behind them are filled.
func networkPages(d *device) error {
	n, err := connectNetwork(d)
	if err != nil {
		return err
	}
	for i := range 8 {
		r := netif.RXRequest{ID: uint16(i), Ref: noGrant - hypercall.GrantRef(i)}
		if i%2 == 0 {
			r.Ref = n.readOnly.Refs[0]
		}
		n.rx.Put(&r)
	}
	n.rx.Push()
	n.notify()
	return n.works()
}

// networkWorks connects after all that, and asks for an answer.
func networkWorks(d *device) error {
	return d.works(func() error {
		n, err := connectNetwork(d)
		if err == nil {
			err = n.works()
		}
		return err
	})
}

// works asks the gateway until it has answered.
func (n *networkDevice) works() error {
	const page, enough = 1, 100
	ask, err := n.ask()
	if err != nil {
		return err
	}
	for range enough {
		r := netif.RXRequest{ID: page, Ref: n.pages.Refs[page]}
		n.rx.Put(&r)
		n.rx.Push()
		n.notify()
		if _, err := n.send(ask); err != nil {
			return err
		}
		for {
			var answer netif.RXResponse
			_, ok, err := n.rx.Take(&answer)
			if err != nil {
				return err
			}
			if ok && answer.Status > 0 && isAnswer(n.page(page)) {
				return nil
			}
			if !ok {
				break
			}
		}
		n.event()
	}
	return fmt.Errorf("%s: nobody has answered", n.front)
}

// networkChain sends a frame that goes on, but not in the ring.
func networkChain(d *device) error {
	return networkBroken(d, "a frame with no end", netif.ErrChain.Error(), func(n *networkDevice) {
		r := n.part(0, 0, 60, netif.TXMoreData)
		n.tx.Put(&r)
		n.tx.Push()
	})
}

// networkLongChain sends a frame of more parts than there may be.
func networkLongChain(d *device) error {
	return networkBroken(d, "a frame of many parts", netif.ErrChain.Error(), func(n *networkDevice) {
		for range n.tx.Size() {
			r := n.part(0, 0, 1, netif.TXMoreData)
			n.tx.Put(&r)
		}
		n.tx.Push()
	})
}

// networkAhead moves the index of what is sent further than the ring is long.
func networkAhead(d *device) error {
	return networkBroken(d, "an index beyond the ring", ring.ErrIndex.Error(), func(n *networkDevice) {
		atomic.StoreUint32(&ring.HeaderOf(n.memory[tx].Memory).ReqProd, 1<<31)
	})
}

func networkBroken(d *device, what, why string, do func(*networkDevice)) error {
	n, err := connectNetwork(d)
	if err != nil {
		return err
	}
	do(n)
	n.notify()
	return n.disconnected(what, why)
}

// networkPagesAhead does so with that of empty pages, which is looked at when something comes.
func networkPagesAhead(d *device) error {
	n, err := connectNetwork(d)
	if err != nil {
		return err
	}
	ask, err := n.ask()
	if err != nil {
		return err
	}
	atomic.StoreUint32(&ring.HeaderOf(n.memory[rx].Memory).ReqProd, 1<<31)
	n.tx.Put(&ask)
	n.tx.Push()
	n.notify()
	return n.disconnected("an index of pages beyond the ring", ring.ErrIndex.Error())
}
