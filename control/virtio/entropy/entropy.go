// Package entropy drives virtio sources of random numbers.
//
// What the device gives is whatever it likes, so it is stirred into other sources and never used alone.
//
// Source: Virtual I/O Device (VIRTIO) Version 1.1, "Entropy Device".
package entropy

import (
	"errors"
	"fmt"
	"sync"

	"tuco/control/virtio"
)

// ErrClosed says that the device was closed.
var ErrClosed = errors.New("the source of random numbers was closed")

// Source is a device. It is an io.Reader.
type Source struct {
	transport virtio.Transport
	memory    virtio.Memory

	reading sync.Mutex // one Read at a time; taken before mu
	page    virtio.Page

	mu    sync.Mutex
	queue *virtio.Queue
	done  chan int
	busy  bool
	err   error
	stuck bool
}

// Open begins to drive a device.
func Open(t virtio.Transport, memory virtio.Memory) (*Source, error) {
	if _, err := virtio.Begin(t, 0, 0); err != nil {
		return nil, err
	}
	s := &Source{transport: t, memory: memory, done: make(chan int, 1)}
	var err error
	if s.page, err = memory.Page(); err != nil {
		return nil, err
	}
	if s.queue, err = virtio.AddQueue(t, memory, 0, 1, false); err != nil {
		t.SetStatus(virtio.StatusFailed)
		memory.Free(s.page)
		return nil, err
	}
	virtio.Ready(t)
	return s, nil
}

// Read implements io.Reader: it returns as much as the device gives at once, which is at least a byte.
func (s *Source) Read(p []byte) (int, error) {
	s.reading.Lock()
	defer s.reading.Unlock()
	for len(p) > 0 {
		if err := s.ask(min(len(p), virtio.PageSize)); err != nil {
			return 0, err
		}
		if n := <-s.done; n > 0 {
			n = copy(p, s.page.Bytes[:n])
			clear(s.page.Bytes)
			return n, nil
		}
		s.mu.Lock()
		err := s.err
		s.mu.Unlock()
		if err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// ask puts a request.
func (s *Source) ask(n int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	if err := s.queue.Put(0, virtio.Buffer{Bus: s.page.Bus, Length: uint32(n), Write: true}); err != nil {
		s.fail(err)
		return err
	}
	s.busy = true
	if s.queue.Push() {
		s.transport.Notify(0)
	}
	return nil
}

// Interrupted takes what the device has given. It is called after an interrupt; also for nothing.
func (s *Source) Interrupted() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	switch _, n, ok, err := s.queue.Take(); {
	case err != nil:
		s.fail(err)
	case ok:
		s.busy = false
		s.done <- int(n)
	}
}

// fail ends all, for a reason. The lock is held.
func (s *Source) fail(err error) {
	if s.err != nil {
		return
	}
	s.err = err
	if s.stuck = virtio.Reset(s.transport) != nil; !s.stuck && s.busy {
		s.busy = false
		s.done <- 0
	}
}

// Close ends the use of the device and gives its memory back. A call that waits fails with ErrClosed. It fails where the device doesn't reset: then
// the memory stays with it.
func (s *Source) Close() error {
	s.mu.Lock()
	s.fail(ErrClosed)
	stuck := s.stuck
	s.mu.Unlock()
	if stuck {
		return fmt.Errorf("%w: it doesn't reset, and keeps its memory", virtio.ErrDevice)
	}
	s.reading.Lock() // a call that has just failed is over
	defer s.reading.Unlock()
	if s.queue != nil {
		s.queue.Release(s.memory)
		s.memory.Free(s.page)
		s.queue = nil
	}
	return nil
}
