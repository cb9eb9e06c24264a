package store

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"tuco/control/store/tree"
)

// Load makes the store of a state, and its clients in their order, which aren't woken by anything yet: see [Client.OnEvent]. An error
// means that the state is not one that Save has made.
func Load(state State, quota Quota, host Host, log *slog.Logger) (*Store, []*Client, error) {
	if state.Version != stateVersion {
		return nil, nil, fmt.Errorf("the store's state has version %d, and this daemon knows version %d only", state.Version, stateVersion)
	}
	s := newStore(quota, host, log)
	s.gen, s.setting = state.Changes, state.Set
	maps.Copy(s.ended, state.Ended)
	for _, n := range state.Nodes {
		if err := s.loadNode(n); err != nil {
			return nil, nil, fmt.Errorf("the store's state: node %s: %w", n.Path, err)
		}
	}
	for path, texts := range state.Special {
		perms, err := parse(texts)
		if err != nil || s.special[path] == nil || len(perms) == 0 {
			return nil, nil, fmt.Errorf("the store's state: permissions %q of %s", texts, path)
		}
		s.special[path] = perms
	}
	for id, standing := range state.Domains {
		d := s.domain(id)
		d.introduced, d.shutdown = standing.Introduced, standing.Shutdown
		if standing.Target != nil {
			d.target, d.hasTarget = *standing.Target, true
		}
	}
	var clients []*Client
	for _, c := range state.Clients {
		client, err := s.loadClient(c)
		if err != nil {
			return nil, nil, fmt.Errorf("the store's state: a connection of domain %d: %w", c.Domain, err)
		}
		clients = append(clients, client)
	}
	for _, watches := range s.watches {
		slices.SortFunc(watches, func(a, b *watch) int { return cmp.Compare(a.number, b.number) })
	}
	return s, clients, nil
}

func (s *Store) loadNode(state NodeState) error {
	perms, err := parse(state.Perms)
	if err != nil {
		return err
	}
	name, isRoot := lastName(state.Path), state.Path == "/"
	switch {
	case len(perms) == 0:
		return fmt.Errorf("it has no permissions")
	case !valid(state.Path) || state.Path[0] != '/':
		return fmt.Errorf("it is no path")
	case !isRoot && s.root.Find(tree.Above(state.Path)) == nil:
		return fmt.Errorf("what it is in is missing")
	case !isRoot && s.root.Find(state.Path) != nil || isRoot && s.root.Count() > 0:
		return fmt.Errorf("it is there twice")
	}
	n := &tree.Node{Value: string(state.Value), Perms: perms, Gen: state.Gen, List: state.List}
	if isRoot {
		s.root = n
		s.domain(0).usage = usage{}
	} else {
		above := *s.root.Find(tree.Above(state.Path))
		s.root = s.root.With(state.Path, n, above.List)
	}
	d := s.domain(perms.Owner())
	d.usage = d.usage.plus(of(name, n))
	return nil
}

func (s *Store) loadClient(state ClientState) (*Client, error) {
	c := s.Connect(state.Domain, nil)
	c.last = state.Last
	watches := map[uint64]*watch{}
	for _, w := range state.Watches {
		set := &watch{watchKey: watchKey{w.Path, string(w.Token)}, client: c, shown: w.Shown, number: w.Number}
		s.set(set)
		watches[w.Number] = set
	}
	for _, e := range state.Events {
		w := watches[e.Watch]
		if w == nil {
			return nil, fmt.Errorf("an event of watch %d, which is not there", e.Watch)
		}
		c.events.events = append(c.events.events, event{w, e.Path})
		c.events.bytes += len(e.Path)
	}
	for _, number := range state.Missed {
		w := watches[number]
		if w == nil {
			return nil, fmt.Errorf("an event of watch %d, which is not there", number)
		}
		w.missed = true
		c.events.missed = append(c.events.missed, w)
	}
	for _, t := range state.Transactions {
		tx := s.begin(c, t.Number)
		tx.doomed = t.Doomed
		maps.Copy(tx.seen, t.Seen)
		for _, o := range t.Log {
			perms, err := parse(o.Perms)
			if err != nil {
				return nil, fmt.Errorf("transaction %d: %w", t.Number, err)
			}
			tx.redo(op{o.Kind, o.Path, string(o.Value), perms})
		}
		c.open(tx)
	}
	return c, nil
}
