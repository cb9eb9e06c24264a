package main

import (
	"context"
	"encoding/binary"
	"errors"
	"net/netip"
	"sync"
	"time"

	"tuco/guestlib/here"
	"tuco/guestlib/netfront"
	"tuco/guestlib/probe"
)

// station is this guest in the network. It answers who asks for its address, whatever else it does.
type station struct {
	link *netfront.Link
	own  host
	in   []netfront.Frame // room for what comes
	out  [1]netfront.Frame
}

// most is how many frames are taken at once.
const most = 64

// network measures the first network interface, or answers those that do.
func network(ctx context.Context, t *table, o options) error {
	names, err := netfront.Devices(here.Domain())
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return errors.New("network: there is no interface")
	}
	link, err := netfront.Open(ctx, here.Domain(), names[0])
	if err != nil {
		return err
	}
	defer link.Close()
	s := &station{link: link, own: host{link.Info().MAC, o.own}}
	for range most {
		s.in = append(s.in, netfront.Frame{Data: make([]byte, netfront.MaxFrame)})
	}
	if o.answer {
		return s.answer()
	}
	if o.ping.IsValid() {
		if err := s.pings(t, o.ping); err != nil {
			return err
		}
	}
	if !o.send.IsValid() {
		return nil
	}
	to, err := s.find(o.send)
	if err != nil {
		return err
	}
	if err := s.sends(t, to); err != nil {
		return err
	}
	return s.send(marked(s.own, to, markEnd))
}

// receive waits for frames and calls take for each, but for those that ask who has the address.
func (s *station) receive(take func(f []byte) error) error {
	n, err := s.link.Receive(s.in)
	if err != nil {
		return err
	}
	for _, f := range s.in[:n] {
		if binary.BigEndian.Uint16(f.Data[12:]) == typeARP {
			err = s.meet(f.Data)
		}
		if err == nil {
			err = take(f.Data)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// meet answers a question for the own address.
func (s *station) meet(f []byte) error {
	a := f[etherLen:]
	if len(a) < 28 || binary.BigEndian.Uint16(a[6:]) != arpRequest || netip.AddrFrom4([4]byte(a[24:28])) != s.own.ip {
		return nil
	}
	return s.send(arp(arpReply, s.own, host{[6]byte(a[8:14]), netip.AddrFrom4([4]byte(a[14:18]))}))
}

func (s *station) send(f []byte) error {
	s.out[0].Data = f
	_, err := s.link.Send(s.out[:])
	return err
}

// find asks for the host that has an address, until it answers: it may not be there yet.
func (s *station) find(ip netip.Addr) (found host, err error) {
	ctx, stop := context.WithCancel(context.Background())
	var asking sync.WaitGroup
	defer asking.Wait()
	defer stop()
	asking.Go(func() {
		question := []netfront.Frame{{Data: arp(arpRequest, s.own, host{ip: ip})}}
		for ctx.Err() == nil {
			if _, err := s.link.Send(question); err != nil {
				return // who receives gets the reason too
			}
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	})
	for !found.ip.IsValid() && err == nil {
		err = s.receive(func(f []byte) error {
			if a := f[etherLen:]; binary.BigEndian.Uint16(f[12:]) == typeARP && binary.BigEndian.Uint16(a[6:]) == arpReply && netip.AddrFrom4([4]byte(a[14:18])) == ip {
				found = host{[6]byte(a[8:14]), ip}
			}
			return nil
		})
	}
	return found, err
}

// pings measures round trips.
func (s *station) pings(t *table, address netip.Addr) error {
	to, err := s.find(address)
	if err != nil {
		return err
	}
	const many = 1000
	return t.measure("network: ping round trip", many, func(n int) error {
		f := ping(s.own, to, 1)
		for range n {
			if err := s.send(f); err != nil {
				return err
			}
			for answered := false; !answered; {
				if err := s.receive(func(f []byte) error {
					answered = answered || len(f) > etherLen+ipLen && f[etherLen+9] == protocolICMP && f[etherLen+ipLen] == echoReply
					return nil
				}); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// sends measures packets that another guest takes, of one frame and of the longest that there are. Two groups of them are under way at most, and behind
// each a small one asks for a receipt.
func (s *station) sends(t *table, to host) error {
	const (
		short, shorts, shortGroup = 1500, 4096, 64
		long, longs               = 65535, 64
	)
	var group []netfront.Frame
	for range shortGroup {
		group = append(group, netfront.Frame{Data: datagram(s.own, to, short)})
	}
	if err := t.measure("network: 1500-byte packet to another guest", shorts, s.groups(to, group, shortGroup)); err != nil {
		return err
	}
	group = nil
	for _, f := range fragments(s.own, to, long) {
		group = append(group, netfront.Frame{Data: f})
	}
	return t.measure("network: 64 KiB packet to another guest", longs, s.groups(to, group, 1))
}

// groups sends groups of so many packets.
func (s *station) groups(to host, group []netfront.Frame, packets int) func(n int) error {
	group = append(group, netfront.Frame{Data: marked(s.own, to, markReceipt)})
	return func(n int) error {
		for underWay := 0; n > 0 || underWay > 0; {
			for ; n > 0 && underWay < 2; underWay++ {
				if _, err := s.link.Send(group); err != nil {
					return err
				}
				n -= packets
			}
			if err := s.receive(func(f []byte) error {
				if markOf(f) == markReceipt {
					underWay--
				}
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	}
}

// answer sends receipts to whoever asks for them, and tells guests that can't know it themselves for how long CPUs were idle, until it is
// told that this is the end.
func (s *station) answer() error {
	for ended := false; !ended; {
		if err := s.receive(func(f []byte) error {
			switch markOf(f) {
			case markEnd:
				ended = true
			case markReceipt:
				return s.send(marked(s.own, sender(f), markReceipt))
			case markIdle:
				idle, err := probe.Idle()
				if err != nil {
					return err
				}
				return s.send(idleReply(s.own, sender(f), idle))
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}
