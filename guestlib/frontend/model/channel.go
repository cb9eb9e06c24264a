package model

import (
	"context"
	"fmt"
	"io/fs"
	"sync"
	"syscall"

	"tuco/guestlib/frontend"
	"tuco/hypercall"
)

// port is an end of an event channel. A token in pending says that an event has come.
type port struct {
	number  hypercall.Port
	host    *Host
	pending chan struct{}
	closed  chan struct{}
	once    sync.Once
	lost    chan struct{} // closed when the guest was restored
	lose    func()        // closes it

	mu   sync.Mutex
	peer *port // nil until there is one, and after it was closed
	sent int
}

func (h *Host) newPort() *port {
	p := &port{number: h.port, host: h, pending: make(chan struct{}, 1), closed: make(chan struct{}), lost: make(chan struct{})}
	p.lose = sync.OnceFunc(func() { close(p.lost) })
	h.port++
	h.ports[p.number] = p
	return p
}

// Listen implements frontend.Domain.
func (h *Host) Listen(hypercall.DomID) (frontend.Channel, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.newPort(), nil
}

// Bind implements Machine.
func (h *Host) Bind(remote hypercall.Port) (frontend.Channel, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	front := h.ports[remote]
	if front == nil {
		return nil, fmt.Errorf("port %d doesn't listen", remote)
	}
	back := h.newPort()
	back.join(front)
	front.join(back)
	back.raise() // the front end may have sent before
	return back, nil
}

// Ports is how many ports there are in both domains.
func (h *Host) Ports() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.ports)
}

func (p *port) Port() hypercall.Port { return p.number }

func (p *port) join(peer *port) {
	p.mu.Lock()
	p.peer = peer
	p.mu.Unlock()
}

func (p *port) raise() {
	select {
	case p.pending <- struct{}{}:
	default:
	}
}

func (p *port) Notify() error {
	p.mu.Lock()
	peer := p.peer
	p.sent++
	p.mu.Unlock()
	if peer != nil {
		peer.raise()
	}
	return nil
}

func (p *port) Wait(ctx context.Context) error {
	select {
	case <-p.closed:
		return fs.ErrClosed
	default:
	}
	select {
	case <-p.pending:
		return nil
	case <-p.lost:
		return syscall.ENOTCONN
	case <-p.closed:
		return fs.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *port) Close() error {
	p.once.Do(func() {
		close(p.closed)
		p.mu.Lock()
		peer := p.peer
		p.peer = nil
		p.mu.Unlock()
		if peer != nil {
			peer.join(nil)
		}
		p.host.mu.Lock()
		delete(p.host.ports, p.number)
		p.host.mu.Unlock()
	})
	return nil
}
