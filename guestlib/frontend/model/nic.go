package model

import (
	"context"
	"sync"

	"tuco/guestlib/frontend"
	"tuco/hypercall"
	"tuco/ring"
	"tuco/ring/netif"
)

// NICConfig is what a network interface is like.
type NICConfig struct {
	MAC string // "" is 00:16:3e:00:00:01
	MTU string // "" says nothing

	// Frame gets each frame that the guest sends. It may keep it.
	Frame func(n *NIC, frame []byte)

	// ByHand has the test do the back end's work: sessions come to NIC.Sessions.
	ByHand bool
}

// NIC is a back end for a network interface.
type NIC struct {
	end
	config NICConfig

	Sessions chan *NICSession // with ByHand
}

// NewNIC plugs a network interface in.
func NewNIC(m Machine, id string, config NICConfig) *NIC {
	n := &NIC{config: config, Sessions: make(chan *NICSession, 4)}
	if config.MAC == "" {
		config.MAC = "00:16:3e:00:00:01"
	}
	device := map[string]string{"mac": config.MAC}
	if config.MTU != "" {
		device["mtu"] = config.MTU
	}
	features := map[string]string{"feature-rx-copy": "1", "feature-rx-flip": "0", "feature-sg": "1", "feature-gso-tcpv4": "1"}
	n.attach(m, hypercall.XenbusStateConnected, "vif", id, device, features, map[string]string{}, n.connected)
	return n
}

// NICSession is a network interface's connection with a front end.
type NICSession struct {
	TX                 netif.TXBack
	RX                 netif.RXBack
	TXMemory, RXMemory []byte
	Channel            frontend.Channel

	nic  *NIC
	refs [2]hypercall.GrantRef
	done sync.WaitGroup
	mu   sync.Mutex // of RX
}

// connected maps what the front end proposes.
func (n *NIC) connected() (session, error) {
	s := &NICSession{nic: n}
	memory := [2]*[]byte{&s.TXMemory, &s.RXMemory}
	for i, name := range [2]string{"tx-ring-ref", "rx-ring-ref"} {
		ref, err := n.number(name)
		if err != nil {
			return nil, err
		}
		s.refs[i] = hypercall.GrantRef(ref)
		if *memory[i], err = n.machine.Map(true, s.refs[i]); err != nil {
			return nil, err
		}
	}
	var err error
	if s.Channel, err = n.bind(); err != nil {
		return nil, err
	}
	s.TX = ring.MakeBack[netif.TXRequest, netif.TXResponse](s.TXMemory)
	s.RX = ring.MakeBack[netif.RXRequest, netif.RXResponse](s.RXMemory)
	if n.config.ByHand {
		n.Sessions <- s
	} else {
		s.done.Go(s.serve)
	}
	return s, nil
}

func (s *NICSession) close() {
	_ = s.Channel.Close()
	s.done.Wait()
	s.nic.machine.Unmap(s.refs[:]...)
}

// serve takes what the guest sends.
func (s *NICSession) serve() {
	for s.Channel.Wait(context.Background()) == nil {
		for more := true; more; {
			if s.nic.isDead() {
				return
			}
			for {
				var req netif.TXRequest
				ok, err := s.TX.Take(&req)
				if err != nil {
					s.nic.Close()
					return
				}
				if !ok {
					break
				}
				status := s.sent(&req)
				s.TX.Put(&netif.TXResponse{ID: req.ID, Status: status})
			}
			if s.TX.Push() {
				_ = s.Channel.Notify()
			}
			var err error
			if more, err = s.TX.FinalCheck(); err != nil {
				s.nic.Close()
				return
			}
		}
	}
}

// sent takes a frame, and returns its status.
func (s *NICSession) sent(req *netif.TXRequest) netif.Status {
	if req.Flags != 0 || int(req.Offset)+int(req.Size) > frontend.PageSize || req.Size < 14 {
		return netif.StatusError
	}
	page, err := s.nic.machine.Map(false, req.Ref)
	if err != nil {
		return netif.StatusError
	}
	frame := append([]byte(nil), page[req.Offset:][:req.Size]...)
	s.nic.machine.Unmap(req.Ref)
	if s.nic.config.Frame != nil {
		s.nic.config.Frame(s.nic, frame)
	}
	return netif.StatusOK
}

// Deliver has frames received, with flags. It returns how many there was room for.
func (n *NIC) Deliver(flags netif.RXFlags, frames ...[]byte) (delivered int) {
	s, _ := n.current().(*NICSession)
	if s == nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, frame := range frames {
		var req netif.RXRequest
		if ok, err := s.RX.Take(&req); !ok || err != nil {
			break
		}
		rsp := netif.RXResponse{ID: req.ID, Flags: flags, Status: netif.Status(len(frame))}
		if page, err := n.machine.Map(true, req.Ref); err != nil {
			rsp.Status = netif.StatusError
		} else {
			copy(page, frame)
			n.machine.Unmap(req.Ref)
		}
		s.RX.Put(&rsp)
		delivered++
	}
	if s.RX.Push() {
		_ = s.Channel.Notify()
	}
	return delivered
}
