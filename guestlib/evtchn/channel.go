package evtchn

import (
	"context"
	"os"
	"sync/atomic"
	"syscall"

	"tuco/guestlib/gate"
	"tuco/guestlib/hyper"
	"tuco/hypercall"
)

// ErrClosed is the error of a channel that was closed.
var ErrClosed = os.ErrClosed

// A Channel is this domain's end of an event channel. Its methods may be called by several goroutines at once.
type Channel struct {
	port   hypercall.Port
	file   *os.File
	conn   syscall.RawConn
	turn   chan struct{} // one goroutine at a time waits
	limit  limit         // of who has the turn
	closed atomic.Bool
}

// AllocUnbound makes a channel's end that waits until a domain binds to its port, by BindInterdomain there. DOMID_SELF is this
// domain. ENOSPC: no port is free.
func AllocUnbound(remote hypercall.DomID) (*Channel, error) {
	arg, err := hyper.Event("allocate a port", hypercall.EVTCHNOP_alloc_unbound, hypercall.EvtchnAllocUnbound{Dom: hypercall.DOMID_SELF, RemoteDom: remote})
	if err != nil {
		return nil, err
	}
	return listen(arg.Port, false)
}

// BindInterdomain connects to a port of another domain's that waits for this one. The first event comes at once, in case
// the peer has notified before. EINVAL: no such port waits.
func BindInterdomain(remote hypercall.DomID, port hypercall.Port) (*Channel, error) {
	arg, err := hyper.Event("bind to a port of another domain", hypercall.EVTCHNOP_bind_interdomain, hypercall.EvtchnBindInterdomain{RemoteDom: remote, RemotePort: port})
	if err != nil {
		return nil, err
	}
	return listen(arg.LocalPort, false)
}

// BindVIRQ listens to a virtual interrupt: VIRQ_*, of a vCPU, or of vCPU 0 if it is the whole domain's. EEXIST: somebody does.
func BindVIRQ(virq, vcpu uint32) (*Channel, error) {
	arg, err := hyper.Event("bind a virtual interrupt", hypercall.EVTCHNOP_bind_virq, hypercall.EvtchnBindVIRQ{VIRQ: virq, VCPU: vcpu})
	if err != nil {
		return nil, err
	}
	return listen(arg.Port, false)
}

// BindPIRQ listens to a physical interrupt, which has a number from PHYSDEVOP_map_pirq. Shared: other domains may have it too. EBUSY: it is the
// hypervisor's; EEXIST: it is bound.
func BindPIRQ(pirq uint32, shared bool) (*Channel, error) {
	arg := hypercall.EvtchnBindPIRQ{PIRQ: pirq}
	if shared {
		arg.Flags = hypercall.BIND_PIRQ__WILL_SHARE
	}
	arg, err := hyper.Event("bind a physical interrupt", hypercall.EVTCHNOP_bind_pirq, arg)
	if err != nil {
		return nil, err
	}
	return listen(arg.Port, false)
}

// BindIPI makes a channel whose both ends are this one: Notify is an event for a vCPU.
func BindIPI(vcpu uint32) (*Channel, error) {
	arg, err := hyper.Event("make a port for a vCPU", hypercall.EVTCHNOP_bind_ipi, hypercall.EvtchnBindIPI{VCPU: vcpu})
	if err != nil {
		return nil, err
	}
	return listen(arg.Port, false)
}

// Lent listens to a port that the domain's builder has opened, such as the store's. It stays open when the channel is closed.
func Lent(port hypercall.Port) (*Channel, error) { return listen(port, true) }

func listen(port hypercall.Port, lent bool) (*Channel, error) {
	number := uintptr(0)
	if lent {
		number = 1
	}
	fd := gate.Call(gate.ChannelOpen, uintptr(port), number, 0, 0, 0)
	if err := gate.Errno(fd); err != 0 {
		if !lent {
			hyper.Event("close a port", hypercall.EVTCHNOP_close, hypercall.EvtchnClose{Port: port})
		}
		return nil, os.NewSyscallError("listen to a port", syscall.Errno(err))
	}
	c := &Channel{port: port, file: os.NewFile(fd, "event channel"), turn: make(chan struct{}, 1)}
	var err error
	c.conn, err = c.file.SyscallConn()
	return c, err
}

// Port is the number of this end, which the peer binds to.
func (c *Channel) Port() hypercall.Port { return c.port }

// Notify sends an event to the other end. If there is none yet, nothing happens. The error is ErrClosed, or the hypervisor's.
func (c *Channel) Notify() error {
	if c.closed.Load() {
		return ErrClosed
	}
	_, err := hyper.Event("send an event", hypercall.EVTCHNOP_send, hypercall.EvtchnSend{Port: c.port})
	return err
}

// Wait waits until an event has come since the last Wait returned. Events that come before the next Wait are one, and wait
// for it. If several goroutines wait, one of them gets the event.
//
// The error is ErrClosed or the context's, or, for a channel from before the domain was restored, ENOTCONN.
func (c *Channel) Wait(ctx context.Context) error {
	select {
	case c.turn <- struct{}{}: // which is cheaper to find out alone
	default:
		select {
		case c.turn <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	defer func() { <-c.turn }()
	if c.closed.Load() {
		return ErrClosed // nothing is left that could watch the context
	}
	c.limit.set(c.file, ctx)
	var failed error
	err := c.conn.Read(func(fd uintptr) bool {
		r := gate.Call(gate.ChannelTake, fd, 0, 0, 0, 0)
		if e := gate.Errno(r); e != 0 {
			failed = os.NewSyscallError("wait for an event", syscall.Errno(e))
			return true
		}
		return r == 1
	})
	switch {
	case c.closed.Load():
		return ErrClosed
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return err
	}
	return failed
}

// Unmask lets the next event interrupt the program before the next Wait, which would do it otherwise. Nothing is lost without it;
// it is for those who want to begin with the next event's work early.
func (c *Channel) Unmask() error {
	err := c.conn.Control(func(fd uintptr) { gate.Call(gate.ChannelUnmask, fd, 0, 0, 0, 0) })
	if c.closed.Load() {
		return ErrClosed
	}
	return err
}

// Close closes the port, and has those who wait return ErrClosed. The peer's end waits for a new connection then.
func (c *Channel) Close() error {
	if c.closed.Swap(true) {
		return ErrClosed
	}
	err := c.file.Close()
	c.turn <- struct{}{} // who waited has seen it
	c.limit.set(c.file, context.Background())
	<-c.turn
	return err
}
