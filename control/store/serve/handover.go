package serve

import (
	"fmt"

	"tuco/control/store"
	"tuco/hypercall"
)

// State is all that a server knows, as something that can be written down.
type State struct {
	Store store.State
	Conns []ConnState // of Store.Clients, in their order
}

// A ConnState is a connection: what has come of a request, and what has not gone of replies.
type ConnState struct {
	Domain  hypercall.DomID
	In, Out []byte
	Dead    bool
}

// Stop ends the server, but no connection: what it was about is returned, with the connections' links in the order of the state's. Another server can
// resume it. The domains wait meanwhile. No other method is of use then.
func (s *Server) Stop() (State, []Link) {
	s.turns.do(func() {
		if !s.stopped {
			s.stopped = true
			close(s.stop)
		}
	})
	s.all.Wait()
	var state State
	var links []Link
	s.turns.do(func() {
		var clients []*store.Client
		for c := range s.conns {
			clients, links = append(clients, c.client), append(links, c.link)
			state.Conns = append(state.Conns, ConnState{c.domain, c.in, c.out[c.sent:], c.dead})
		}
		state.Store = s.store.Save(clients)
	})
	return state, links
}

// Resume makes a server that goes on where another stopped.
func Resume(config Config, state State, links []Link) (*Server, error) {
	if len(links) != len(state.Conns) || len(links) != len(state.Store.Clients) {
		return nil, fmt.Errorf("the store's state is of %d connections and %d clients, and there are %d", len(state.Conns), len(state.Store.Clients), len(links))
	}
	s := newServer(config)
	var clients []*store.Client
	var err error
	if s.store, clients, err = store.Load(state.Store, config.Quota, host{s}, config.Log); err != nil {
		return nil, err
	}
	s.turns.do(func() {
		for i, was := range state.Conns {
			c := newConn(s, was.Domain, links[i])
			c.in, c.out, c.dead, c.client = was.In, was.Out, was.Dead, clients[i]
			c.client.OnEvent(c.kick)
			s.start(c)
		}
	})
	return s, nil
}
