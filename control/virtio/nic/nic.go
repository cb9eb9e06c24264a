package nic

import (
	"errors"
	"fmt"
	"net"
	"sync"

	"tuco/control/virtio"
)

// ErrClosed says that the device was closed.
var ErrClosed = errors.New("the network device was closed")

// Limits of a frame, in bytes: an Ethernet header with nothing, and with 1500 bytes and a VLAN tag.
const (
	MinFrame = 14
	MaxFrame = 1518
)

// headerSize is what stands before a frame, in bytes. All of it is zero without offloads, but for the number of pages in what came.
const headerSize = 12

// Features.
const (
	featureMAC    = 1 << 5
	featureStatus = 1 << 16
)

// Fields of the configuration.
const (
	configMAC    = 0
	configStatus = 6
)

// The queues.
const (
	receive = 0
	send    = 1
)

// mostPages is how many frames may be under way in each direction.
const mostPages = 128

// Stats is what happened to frames.
type Stats struct {
	Sent, Received   uint64
	Dropped          uint64 // were to be sent, but the device had too many
	Malformed        uint64 // came, and were none
	Notifications    uint64
	SentBytes, Bytes uint64 // bytes received
}

// NIC is a network device.
type NIC struct {
	transport virtio.Transport
	memory    virtio.Memory
	deliver   func(frame []byte)
	mac       net.HardwareAddr
	status    bool // the device says whether the link is up

	mu     sync.Mutex
	queues [2]*virtio.Queue
	pages  [2][]virtio.Page // by token
	free   []int            // pages to send from
	stats  Stats
	err    error // why nothing is done any more
	stuck  bool  // and the device may still reach memory

	receiving sync.Mutex // frames are delivered in order; taken before mu
	frames    []byte     // that were taken, to be delivered
	lengths   []int
}

// Open begins to drive a device. Frames that come are given to deliver, one after the other, in calls of Interrupted; they are its
// until it returns.
func Open(t virtio.Transport, memory virtio.Memory, deliver func(frame []byte)) (*NIC, error) {
	features, err := virtio.Begin(t, virtio.FeatureEvents|featureMAC|featureStatus, featureMAC)
	if err != nil {
		return nil, err
	}
	n := &NIC{transport: t, memory: memory, deliver: deliver, status: features&featureStatus != 0, frames: make([]byte, 0, mostPages*MaxFrame)}
	if err := n.open(features); err != nil {
		t.SetStatus(virtio.StatusFailed)
		if virtio.Reset(t) == nil {
			n.release()
		}
		return nil, err
	}
	virtio.Ready(t)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.push(receive)
	return n, nil
}

func (n *NIC) open(features uint64) error {
	if err := virtio.Consistent(n.transport, func() {
		mac := n.transport.Config(configMAC, 4) | n.transport.Config(configMAC+4, 2)<<32
		n.mac = net.HardwareAddr{byte(mac), byte(mac >> 8), byte(mac >> 16), byte(mac >> 24), byte(mac >> 32), byte(mac >> 40)}
	}); err != nil {
		return err
	}
	if n.mac[0]&1 != 0 {
		return fmt.Errorf("%w: it says that its address is %v, which is a group's", virtio.ErrDevice, n.mac)
	}
	for number := range n.queues {
		q, err := virtio.AddQueue(n.transport, n.memory, number, mostPages, features&virtio.FeatureEvents != 0)
		if err != nil {
			return err
		}
		n.queues[number] = q
		for range q.Size() {
			p, err := n.memory.Page()
			if err != nil {
				return fmt.Errorf("pages for frames: %w", err)
			}
			n.pages[number] = append(n.pages[number], p)
		}
	}
	for token := range n.pages[receive] {
		if err := n.offer(token); err != nil {
			return err
		}
	}
	for token := range n.pages[send] {
		n.free = append(n.free, token)
	}
	n.queues[send].Hush()
	_, err := n.queues[receive].Await()
	return err
}

// offer gives the device a page to receive into.
func (n *NIC) offer(token int) error {
	return n.queues[receive].Put(token, virtio.Buffer{Bus: n.pages[receive][token].Bus, Length: headerSize + MaxFrame, Write: true})
}

// push shows the device what was put into a queue.
func (n *NIC) push(queue int) {
	if n.queues[queue].Push() {
		n.stats.Notifications++
		n.transport.Notify(queue)
	}
}

// MAC is the device's address.
func (n *NIC) MAC() net.HardwareAddr { return n.mac }

// Up tells whether the link is up, where the device knows.
func (n *NIC) Up() bool { return !n.status || n.transport.Config(configStatus, 2)&1 != 0 }

// Stats is what has happened.
func (n *NIC) Stats() Stats {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.stats
}

// release gives all memory back. The device was reset.
func (n *NIC) release() {
	for i, q := range n.queues {
		if q != nil {
			q.Release(n.memory)
		}
		for _, p := range n.pages[i] {
			n.memory.Free(p)
		}
		n.queues[i], n.pages[i] = nil, nil
	}
}

// fail ends all, for a reason. The lock is held.
func (n *NIC) fail(err error) {
	if n.err == nil {
		n.err = err
		n.stuck = virtio.Reset(n.transport) != nil
	}
}

// Close ends the use of the device and gives its memory back. It fails where the device doesn't reset: then the memory stays with it.
func (n *NIC) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.fail(ErrClosed)
	if n.stuck {
		return fmt.Errorf("%w: it doesn't reset, and keeps its memory", virtio.ErrDevice)
	}
	n.release()
	return nil
}
