package store

import (
	"cmp"
	"maps"
	"slices"

	"tuco/control/store/tree"
	"tuco/guestlib/xenbus"
	"tuco/hypercall"
)

// Save is the state of the store and of these clients, in their order. Other clients' watches and transactions are lost.
func (s *Store) Save(clients []*Client) State {
	state := State{
		Version: stateVersion, Changes: s.gen, Set: s.setting,
		Special: map[string][]string{}, Ended: maps.Clone(s.ended), Domains: map[hypercall.DomID]Standing{},
	}
	var save func(path string, n *tree.Node)
	save = func(path string, n *tree.Node) {
		state.Nodes = append(state.Nodes, NodeState{path, []byte(n.Value), texts(n.Perms), n.Gen, n.List})
		for name, child := range n.Children() {
			save(tree.Join(path, name), child)
		}
	}
	save("/", s.root)
	for path, perms := range s.special {
		state.Special[path] = texts(perms)
	}
	for id, d := range s.domains {
		if d.introduced || d.hasTarget {
			standing := Standing{Introduced: d.introduced, Shutdown: d.shutdown}
			if target := d.target; d.hasTarget {
				standing.Target = &target
			}
			state.Domains[id] = standing
		}
	}
	for _, c := range clients {
		state.Clients = append(state.Clients, c.save())
	}
	return state
}

func (c *Client) save() ClientState {
	state := ClientState{Domain: c.domain.id, Last: c.last}
	for _, w := range slices.SortedFunc(maps.Values(c.watches), func(a, b *watch) int { return cmp.Compare(a.number, b.number) }) {
		state.Watches = append(state.Watches, WatchState{w.number, w.path, w.shown, []byte(w.token)})
	}
	for _, e := range c.events.events {
		state.Events = append(state.Events, EventState{e.watch.number, e.path})
	}
	for _, w := range c.events.missed {
		state.Missed = append(state.Missed, w.number)
	}
	for _, tx := range c.store.open {
		if tx.client == c {
			state.Transactions = append(state.Transactions, tx.save())
		}
	}
	return state
}

func (tx *transaction) save() TransactionState {
	state := TransactionState{tx.number, tx.again().doomed, maps.Clone(tx.seen), nil}
	for _, o := range tx.log {
		state.Log = append(state.Log, OpState{o.kind, o.path, []byte(o.value), texts(o.perms)})
	}
	return state
}

func texts(perms tree.Perms) (all []string) {
	for _, p := range perms {
		all = append(all, p.String())
	}
	return all
}

func parse(texts []string) (perms tree.Perms, err error) {
	for _, text := range texts {
		p, err := xenbus.ParsePerm(text)
		if err != nil {
			return nil, err
		}
		perms = append(perms, p)
	}
	return perms, nil
}
