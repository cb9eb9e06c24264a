package store

import "tuco/hypercall"

// Figures is what a domain has of the store.
type Figures struct {
	Nodes, Bytes          int // that it owns
	Connections           int
	Watches, Transactions int
	Events                int // that it has not taken
}

// Figures is that of all domains which have something.
func (s *Store) Figures() map[hypercall.DomID]Figures {
	all := map[hypercall.DomID]Figures{}
	for id, d := range s.domains {
		f := Figures{Nodes: d.usage.nodes, Bytes: d.usage.bytes, Watches: d.watches, Transactions: d.transactions}
		for c := range d.clients {
			if c == s.self {
				continue
			}
			f.Connections++
			f.Events += len(c.events.events) + len(c.events.missed)
		}
		all[id] = f
	}
	return all
}
