package nic

import (
	"fmt"

	"tuco/control/virtio"
)

// Send sends frames, as many as the device has room for; the others are dropped. Frames are copied. It fails where a frame is none, and when the device
// is closed or broken.
func (n *NIC) Send(frames ...[]byte) error {
	for _, f := range frames {
		if len(f) < MinFrame || len(f) > MaxFrame {
			return fmt.Errorf("a frame of %d bytes: it takes %d to %d", len(f), MinFrame, MaxFrame)
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.err != nil {
		return n.err
	}
	for _, f := range frames {
		if len(n.free) == 0 {
			n.reclaim()
		}
		if n.err != nil {
			return n.err
		}
		if len(n.free) == 0 {
			n.stats.Dropped++
			continue
		}
		token := n.free[len(n.free)-1]
		page := n.pages[send][token]
		clear(page.Bytes[:headerSize])
		length := headerSize + copy(page.Bytes[headerSize:], f)
		if err := n.queues[send].Put(token, virtio.Buffer{Bus: page.Bus, Length: uint32(length)}); err != nil {
			n.fail(err)
			return err
		}
		n.free = n.free[:len(n.free)-1]
		n.stats.Sent++
		n.stats.SentBytes += uint64(len(f))
	}
	n.push(send)
	return nil
}

// reclaim takes back the pages of frames that were sent. Nobody waits for them, so the device is never asked to say so.
func (n *NIC) reclaim() {
	for {
		token, _, ok, err := n.queues[send].Take()
		if err != nil {
			n.fail(err)
		}
		if !ok {
			return
		}
		n.free = append(n.free, token)
	}
}

// Interrupted takes what has come, and delivers it. It is called after an interrupt; also for nothing.
func (n *NIC) Interrupted() {
	n.receiving.Lock()
	defer n.receiving.Unlock()
	for n.take() {
		at := 0
		for _, length := range n.lengths {
			n.deliver(n.frames[at : at+length : at+length])
			at += length
		}
	}
}

// take copies the frames that have come, and gives their pages to the device again. It tells whether there were any; where not, the device
// interrupts for the next.
func (n *NIC) take() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.frames, n.lengths = n.frames[:0], n.lengths[:0]
	if n.err != nil {
		return false
	}
	q := n.queues[receive]
	taken := 0
	for taken < q.Size() { // and then it is the others' turn
		token, written, ok, err := q.Take()
		if err == nil && !ok {
			if taken == 0 {
				if ok, err = q.Await(); err == nil && ok {
					continue
				}
			}
		}
		if err != nil {
			n.fail(err)
			return false
		}
		if !ok {
			break
		}
		taken++
		n.keep(n.pages[receive][token].Bytes, int(written))
		if err := n.offer(token); err != nil {
			n.fail(err)
			return false
		}
	}
	n.push(receive)
	return taken > 0
}

// keep copies a frame.
func (n *NIC) keep(page []byte, written int) {
	length := written - headerSize
	if length < MinFrame {
		n.stats.Malformed++
		return
	}
	n.frames = append(n.frames, page[headerSize:written]...)
	n.lengths = append(n.lengths, length)
	n.stats.Received++
	n.stats.Bytes += uint64(length)
}
