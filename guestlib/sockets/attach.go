package sockets

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/link/ethernet"
	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"tuco/guestlib/netfront"
)

// A Link sends and receives Ethernet frames: a [netfront.Link].
type Link interface {
	Info() netfront.Info
	Send(frames []netfront.Frame) (n int, err error)
	Receive(frames []netfront.Frame) (n int, err error)
	Close() error
}

// An Interface is a link that a network is attached to.
type Interface struct {
	link     Link
	endpoint *channel.Endpoint
	stop     context.CancelFunc
	detach   func()
	workers  sync.WaitGroup
	err      error // why a worker ended, once they have
	ended    sync.Once
}

const (
	outgoing = 512 // frames that wait to be sent; more are dropped, as networks do
	batch    = 32  // frames that are handed over in one go
)

// Attach gives the program's network an interface, with a name and addresses. What goes to none of its networks goes to the
// address's gateway, if it has one. The interface has the link from now on, and closes it.
func Attach(link Link, name string, addresses ...Address) (*Interface, error) {
	return guest.Attach(link, name, addresses...)
}

// Attach is that of a table.
func (t *Table) Attach(link Link, name string, addresses ...Address) (*Interface, error) {
	info := link.Info()
	ctx, stop := context.WithCancel(context.Background())
	s := t.network()
	id := s.NextNICID()
	i := &Interface{
		link: link, stop: stop, detach: func() { s.RemoveNIC(id) },
		endpoint: channel.New(outgoing, uint32(info.MTU+header.EthernetMinimumSize), tcpip.LinkAddress(info.MAC[:])),
	}
	if err := s.CreateNICWithOptions(id, ethernet.New(i.endpoint), stack.NICOptions{Name: name}); err != nil {
		return nil, fmt.Errorf("interface %s: %v", name, err)
	}
	for _, a := range addresses {
		if err := a.add(s, id); err != nil {
			i.detach()
			return nil, fmt.Errorf("interface %s, address %v: %w", name, a, err)
		}
	}
	i.workers.Go(func() { i.end(i.send(ctx)) })
	i.workers.Go(func() { i.end(i.receive()) })
	return i, nil
}

// Close takes the interface away, and closes the link. What was waiting to be sent is lost.
func (i *Interface) Close() error {
	i.end(nil)
	return i.Wait()
}

// Wait waits until the interface has gone, and tells why: the link's error, or none after Close.
func (i *Interface) Wait() error {
	i.workers.Wait()
	return i.err
}

// end ends both workers, for the first reason that there is.
func (i *Interface) end(reason error) {
	i.ended.Do(func() {
		i.err = reason
		i.stop()
		i.detach()
		i.err = errors.Join(i.err, i.link.Close())
	})
}

// send sends what the network has, as much at once as there is.
func (i *Interface) send(ctx context.Context) error {
	var views [batch]*buffer.View
	var frames [batch]netfront.Frame
	for {
		n := 0
		for p := i.endpoint.ReadContext(ctx); p != nil; p = i.endpoint.Read() {
			views[n] = p.ToView()
			frames[n].Data = views[n].AsSlice()
			p.DecRef()
			if n++; n == batch {
				break
			}
		}
		if n == 0 {
			return ctx.Err()
		}
		_, err := i.link.Send(frames[:n])
		for _, v := range views[:n] {
			v.Release()
		}
		if err != nil {
			return err
		}
	}
}

// receive hands the network what comes.
func (i *Interface) receive() error {
	var frames [batch]netfront.Frame
	for k := range frames {
		frames[k].Data = make([]byte, netfront.MaxFrame)
	}
	for {
		n, err := i.link.Receive(frames[:])
		for _, f := range frames[:n] {
			p := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(f.Data)})
			p.RXChecksumValidated = f.Checked
			i.endpoint.InjectInbound(0, p) // the frame says of which protocol it is
			p.DecRef()
		}
		if err != nil {
			return err
		}
	}
}
