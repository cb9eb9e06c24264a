package store

import "tuco/hypercall"

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
