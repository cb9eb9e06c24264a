package main

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"tuco/ring/netif"
)

// gateway is who answers.
var gateway = netip.MustParseAddr("10.77.0.1")

// Of a frame of the address resolution protocol, RFC 826.
const (
	arp, asks, answers = 0x0806, 1, 2
	kindAt, opAt       = 12, 20
	arpSize            = 42
)

// ask is a frame to all in page 0 that asks for the gateway's address.
func (n *networkDevice) ask() (netif.TXRequest, error) {
	text, err := n.store.Read(n.front + "/" + netif.KeyMAC)
	if err != nil {
		return netif.TXRequest{}, err
	}
	mac := make([]byte, 6)
	if _, err := fmt.Sscanf(text, "%x:%x:%x:%x:%x:%x", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5]); err != nil {
		return netif.TXRequest{}, fmt.Errorf("%s: MAC %q: %w", n.front, text, err)
	}
	if text, err = n.store.Read(n.back + "/ip"); err != nil {
		return netif.TXRequest{}, err
	}
	own, err := netip.ParseAddr(text)
	if err != nil || !own.Is4() {
		return netif.TXRequest{}, fmt.Errorf("%s: address %q: %w", n.front, text, err)
	}
	order := binary.BigEndian
	b := n.page(0)[:0]
	b = append(b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	b = append(b, mac...)
	for _, v := range []uint16{arp, 1, 0x0800, 0x0604, asks} {
		b = order.AppendUint16(b, v)
	}
	b = append(b, mac...)
	b = append(b, own.AsSlice()...)
	b = append(b, 0, 0, 0, 0, 0, 0)
	b = append(b, gateway.AsSlice()...)
	return n.part(0, 0, len(b), 0), nil
}

// isAnswer tells whether a frame answers that.
func isAnswer(b []byte) bool {
	order := binary.BigEndian
	return order.Uint16(b[kindAt:]) == arp && order.Uint16(b[opAt:]) == answers
}
