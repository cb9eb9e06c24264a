// Package endpoint joins gVisor's TCP/IP to something that moves Ethernet frames: a port of the switch, or an uplink.
//
// The stack's frames are handed over by a goroutine, several at once; those for the stack are copied into it. A segment that is longer
// than the MTU goes into the stack as it is, and a checksum that was not computed is computed here, since the stack checks them all (only a whole
// interface can be exempt); so a port for an endpoint takes everything (packet.TakesAll). What the stack sends has its sums, and is cut already.
package endpoint

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/link/ethernet"
	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"tuco/control/packet"
)

// Endpoint is an interface of a stack.
type Endpoint struct {
	stack   *stack.Stack
	nic     tcpip.NICID
	channel *channel.Endpoint
	stop    context.CancelFunc
	worker  sync.WaitGroup
}

const (
	outgoing = 1024 // frames that wait to be handed over; more are dropped, as networks do
	batch    = 32
)

// New gives a stack an interface. What the stack sends goes to send, until the endpoint is closed; frames and their bytes are used again when
// that returns.
func New(s *stack.Stack, name string, mac packet.MAC, mtu int, send func([]packet.Frame)) (*Endpoint, error) {
	ctx, stop := context.WithCancel(context.Background())
	e := &Endpoint{
		stack: s, nic: s.NextNICID(), stop: stop,
		channel: channel.New(outgoing, uint32(mtu+packet.HeaderLen), tcpip.LinkAddress(mac[:])),
	}
	if err := s.CreateNICWithOptions(e.nic, ethernet.New(e.channel), stack.NICOptions{Name: name}); err != nil {
		stop()
		return nil, fmt.Errorf("interface %s: %v", name, err)
	}
	e.worker.Go(func() { e.run(ctx, send) })
	return e, nil
}

// NIC is the interface's number in the stack.
func (e *Endpoint) NIC() tcpip.NICID { return e.nic }

// Deliver gives frames to the stack. It is a switch's Sink.
func (e *Endpoint) Deliver(frames []packet.Frame) {
	for i := range frames {
		f := packet.Frame{Data: bytes.Clone(frames[i].Data)}
		if frames[i].Blank {
			info, err := packet.Parse(f.Data)
			if err != nil {
				continue // can't be: it was checked where it became blank
			}
			info.Fill(&f)
		}
		p := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(f.Data)})
		e.channel.InjectInbound(header.IPv4ProtocolNumber, p) // the frame says itself of which protocol it is
		p.DecRef()
	}
}

// run hands frames over.
func (e *Endpoint) run(ctx context.Context, send func([]packet.Frame)) {
	var views [batch]*buffer.View
	var frames [batch]packet.Frame
	for {
		n := 0
		for p := e.channel.ReadContext(ctx); p != nil; p = e.channel.Read() {
			views[n] = p.ToView()
			frames[n] = packet.Frame{Data: views[n].AsSlice(), Checked: true}
			p.DecRef()
			if n++; n == batch {
				break
			}
		}
		if n == 0 {
			return
		}
		send(frames[:n])
		for _, v := range views[:n] {
			v.Release()
		}
	}
}

// Close takes the interface away. Frames that wait are lost.
func (e *Endpoint) Close() {
	e.stack.RemoveNIC(e.nic)
	e.stop()
	e.worker.Wait()
	e.channel.Drain()
}
