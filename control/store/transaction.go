package store

import (
	"slices"
	"strconv"
	"syscall"

	"tuco/control/store/tree"
	"tuco/guestlib/xenbus/wire"
)

// A transaction is a tree of its own.
type transaction struct {
	client *Client
	number uint32
	began  uint64     // at which change of the store
	base   *tree.Node // the store as it was then

	root    *tree.Node // with what the transaction has changed
	charges []charge
	changes []change

	log    []op            // what it has changed
	logged int             // in bytes
	seen   map[string]bool // nodes that it has looked at or changed; true: also their children's names
	doomed bool            // it can't be committed
}

func (c *Client) begin(outer *transaction, _ []string) ([]byte, syscall.Errno) {
	switch {
	case outer != nil:
		return nil, syscall.EBUSY
	case !c.privileged() && c.domain.transactions >= c.store.quota.Transactions:
		return nil, syscall.ENOSPC
	}
	for c.last++; c.last == 0 || c.transactions[c.last] != nil; c.last++ {
	}
	c.open(c.store.begin(c, c.last))
	return wire.Join(strconv.FormatUint(uint64(c.last), 10)), 0
}

// begin is a transaction on the store as it is, with nothing done in it.
func (s *Store) begin(c *Client, number uint32) *transaction {
	return &transaction{client: c, number: number, began: s.gen, base: s.root, root: s.root, seen: map[string]bool{}}
}

func (c *Client) open(tx *transaction) {
	c.transactions[tx.number] = tx
	c.domain.transactions++
	c.store.open = append(c.store.open, tx)
}

func (c *Client) forget(tx *transaction) {
	delete(c.transactions, tx.number)
	c.domain.transactions--
	c.store.open = slices.DeleteFunc(c.store.open, func(other *transaction) bool { return other == tx })
}

// note remembers a node that the transaction depends on. ENOSPC: those are too many.
func (tx *transaction) note(path string, listed bool) syscall.Errno {
	before, known := tx.seen[path]
	if c := tx.client; !known && !c.privileged() && len(tx.seen) >= c.store.quota.Seen {
		return syscall.ENOSPC
	}
	tx.seen[path] = before || listed
	return 0
}

// change makes a change in the transaction. ENOSPC: there are too many.
func (tx *transaction) change(o op) syscall.Errno {
	if errno := tx.note(o.path, false); errno != 0 {
		return errno
	}
	if c := tx.client; !c.privileged() && tx.logged+o.bytes() > c.store.quota.Logged {
		return syscall.ENOSPC
	}
	if errno := tx.apply(o); errno != 0 {
		return errno
	}
	tx.log = append(tx.log, o)
	tx.logged += o.bytes()
	return 0
}

// apply makes a change in the transaction's tree.
func (tx *transaction) apply(o op) syscall.Errno {
	s := tx.client.store
	e := edit{root: tx.root, gen: s.next(tx.client.domain.id), charges: tx.charges, earlier: len(tx.charges), changes: tx.changes}
	if errno := e.apply(tx.client, o); errno != 0 {
		return errno
	}
	tx.root, tx.charges, tx.changes = e.root, e.charges, e.changes
	return 0
}

// end ends a transaction, and commits it. EAGAIN: something that it depends on has changed meanwhile, and nothing was done.
func (c *Client) end(tx *transaction, texts []string) ([]byte, syscall.Errno) {
	switch {
	case tx == nil:
		return nil, syscall.ENOENT
	case texts[0] != "T" && texts[0] != "F":
		return nil, syscall.EINVAL
	}
	c.forget(tx)
	if texts[0] == "T" && len(tx.log) > 0 {
		if errno := c.store.commit(tx); errno != 0 {
			return nil, errno
		}
	}
	return done, 0
}

// commit makes what a transaction has changed the store's.
func (s *Store) commit(tx *transaction) syscall.Errno {
	now := tx.again()
	if now.doomed {
		return syscall.EAGAIN
	}
	s.install(now.root, now.charges, once(now.changes))
	return 0
}

// again is the transaction as it is if it begins now. It is doomed if its client might then have done something else.
func (tx *transaction) again() *transaction {
	s := tx.client.store
	if gen := tx.conflict(s.root); gen != 0 {
		tx.doomed = true
		s.blame(tx.client, gen)
	}
	tx.doomed = tx.doomed || tx.namesDead()
	if s.root == tx.base {
		return tx // nobody else has changed anything
	}
	now := s.begin(tx.client, tx.number)
	now.seen, now.doomed = tx.seen, tx.doomed
	for _, o := range tx.log {
		now.redo(o)
	}
	return now
}

// redo makes a change again. What was possible may not be any more, for something that has not been looked at: a quota, or who may write to what it
// is in.
func (tx *transaction) redo(o op) {
	tx.doomed = tx.apply(o) != 0 || tx.doomed
	tx.log = append(tx.log, o)
	tx.logged += o.bytes()
}

// conflict is a change by which a node that the transaction depends on isn't in another tree as it was, or 0.
func (tx *transaction) conflict(now *tree.Node) uint64 {
	if now == tx.base {
		return 0
	}
	for path, listed := range tx.seen {
		if gen := changed(tx.base.Find(path), now.Find(path), now, path, listed); gen != 0 {
			return gen
		}
	}
	return 0
}

// namesDead tells whether the transaction gives rights to a domain that has ended since: they would be the next one's of that number.
func (tx *transaction) namesDead() bool {
	for _, o := range tx.log {
		for _, p := range o.perms {
			if tx.client.store.ended[p.Domain] > tx.began {
				return true
			}
		}
	}
	return false
}

// once is changes without those of a path that was changed before: watches are told once of all that a transaction does to a node.
func once(changes []change) []change {
	at := make(map[string]int, len(changes))
	kept := changes[:0]
	for _, c := range changes {
		i, again := at[c.path]
		if !again {
			at[c.path] = len(kept)
			kept = append(kept, c)
			continue
		}
		k := &kept[i]
		k.exact, k.after = k.exact && c.exact, c.after
		if k.dir == nil {
			k.dir = c.dir
		}
	}
	return kept
}
