package store

import (
	"syscall"

	"tuco/control/store/tree"
	"tuco/hypercall"
)

// A Quota is what one domain may have of the store, all its connections together. Domain 0 may have what it likes.
type Quota struct {
	Nodes        int // that it owns
	Bytes        int // of the names, values and permissions of those
	NodeSize     int // of one node's value and permissions, in bytes
	Perms        int // in a node's list
	Watches      int
	Transactions int // that are open
	Seen         int // nodes that one transaction has looked at or changed
	Logged       int // bytes of what one transaction has changed
	Events       int // that a connection hasn't taken yet; with more of them a watch's become one
	EventBytes   int // of their paths
}

// DefaultQuota is about what Xen's daemon allows.
var DefaultQuota = Quota{
	Nodes: 1000, Bytes: 1 << 20, NodeSize: 2048, Perms: 5, Watches: 128, Transactions: 10, Seen: 1024, Logged: 64 << 10,
	Events: 512, EventBytes: 64 << 10,
}

// usage is what nodes of a domain take.
type usage struct{ nodes, bytes int }

func (u usage) plus(v usage) usage { return usage{u.nodes + v.nodes, u.bytes + v.bytes} }
func (u usage) minus(v usage) usage {
	return usage{u.nodes - v.nodes, u.bytes - v.bytes}
}

// permSize is what a permission counts.
const permSize = 4

// size is what a node counts against NodeSize.
func size(value string, perms tree.Perms) int { return len(value) + permSize*len(perms) }

// of is what a node counts against its owner.
func of(name string, node *tree.Node) usage {
	return usage{1, len(name) + size(node.Value, node.Perms)}
}

// A charge is what somebody owns more, or less, after an edit.
type charge struct {
	owner hypercall.DomID
	usage usage
}

// charge notes what an owner has more. ENOSPC: that is too much, if the client is one that quotas are for.
func (e *edit) charge(who *Client, owner hypercall.DomID, more usage) syscall.Errno {
	if n := len(e.charges); n > e.earlier && e.charges[n-1].owner == owner {
		e.charges[n-1].usage = e.charges[n-1].usage.plus(more)
	} else {
		e.charges = append(e.charges, charge{owner, more})
	}
	if who.privileged() || more.nodes <= 0 && more.bytes <= 0 {
		return 0
	}
	total := who.store.usage(owner)
	for _, c := range e.charges {
		if c.owner == owner {
			total = total.plus(c.usage)
		}
	}
	if quota := who.store.quota; total.nodes > quota.Nodes || total.bytes > quota.Bytes {
		return syscall.ENOSPC
	}
	return 0
}
