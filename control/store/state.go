package store

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"tuco/control/store/tree"
	"tuco/guestlib/xenbus"
	"tuco/hypercall"
)

// State is all that there is in a store, as something that can be written down. Nothing in it is shared with the store.
type State struct {
	Version int
	Changes uint64 // how many there have been
	Set     uint64 // watches that have been set so far
	Nodes   []NodeState
	Special map[string][]string          // permissions of watches on domains that come and go
	Ended   map[hypercall.DomID]uint64   // at which change domains have ended
	Domains map[hypercall.DomID]Standing // that are introduced
	Clients []ClientState
}

// stateVersion is of the State that this package writes and reads.
const stateVersion = 1

// A NodeState is a node. The one that it is in stands before it.
type NodeState struct {
	Path  string
	Value []byte   `json:",omitempty"`
	Perms []string // as messages have them
	Gen   uint64
	List  uint64
}

// Standing is what is known of a domain besides its nodes.
type Standing struct {
	Introduced, Shutdown bool
	Target               *hypercall.DomID `json:",omitempty"`
}

// A ClientState is a connection.
type ClientState struct {
	Domain       hypercall.DomID
	Last         uint32 // number of a transaction
	Watches      []WatchState
	Transactions []TransactionState
	Events       []EventState
	Missed       []uint64 // numbers of watches that have an event of their own path to tell, behind the others
}

type WatchState struct {
	Number      uint64
	Path, Shown string
	Token       []byte
}

type EventState struct {
	Watch uint64
	Path  string
}

// A TransactionState is an open transaction: with its log it is made again, on the store that is saved beside it.
type TransactionState struct {
	Number uint32
	Doomed bool
	Seen   map[string]bool
	Log    []OpState
}

type OpState struct {
	Kind  uint32
	Path  string
	Value []byte   `json:",omitempty"`
	Perms []string `json:",omitempty"`
}

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
