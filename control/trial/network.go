package main

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"tuco/control/pci"
	"tuco/control/virtio/nic"
)

// network asks who has an address, and waits for the answer.
func (h *host) network(device *pci.Device) error {
	t, err := h.transport(device)
	if err != nil {
		return err
	}
	answers := make(chan []byte, 1)
	n, err := nic.Open(t, &h.memory, func(frame []byte) {
		if isAnswer(frame) {
			select {
			case answers <- bytes.Clone(frame[6:12]):
			default: // one is enough
			}
		}
	})
	if err != nil {
		return err
	}
	if err := h.lines.ServeQueues(device, t, n.Interrupted); err != nil {
		return err
	}
	fmt.Printf("trial: network: %v, link up: %v\n", n.MAC(), n.Up())
	for range 20 {
		if err := n.Send(question(n.MAC())); err != nil {
			return err
		}
		select {
		case mac := <-answers:
			fmt.Printf("trial: network: 10.0.2.2 is at %x\n", mac)
			return n.Close()
		case <-time.After(time.Second):
		}
	}
	return errors.New("nobody says that he has 10.0.2.2")
}

// The fixed part of ARP for IPv4 on Ethernet.
var arp = []byte{0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0}

const (
	isRequest = 1
	isReply   = 2
)

// question is the ARP request, sent by 10.0.2.15.
func question(mac []byte) []byte {
	f := bytes.Repeat([]byte{0xff}, 6)
	f = append(append(append(f, mac...), arp...), isRequest)
	f = append(append(f, mac...), 10, 0, 2, 15)
	f = append(f, 0, 0, 0, 0, 0, 0, 10, 0, 2, 2)
	return append(f, make([]byte, 60-len(f))...) // the shortest that Ethernet has
}

func isAnswer(f []byte) bool {
	return len(f) >= 42 && bytes.Equal(f[12:21], arp) && f[21] == isReply && bytes.Equal(f[28:32], []byte{10, 0, 2, 2})
}
