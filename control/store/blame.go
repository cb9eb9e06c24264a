package store

import (
	"time"

	"tuco/control/store/tree"
	"tuco/hypercall"
)

// Domain 0 has to come through with its transactions, whatever others write to the nodes that it reads. So who has made one fail is made to wait.

// remembered is of how many changes the store knows whose they were.
const remembered = 4 * maxAge

// A record is how a domain has behaved.
type record struct {
	fouls int // transactions of domain 0's that it made fail, and has not waited for
	level int // its next wait is 2 to the power of this, in milliseconds
	good  int // requests since the last foul
}

const (
	maxLevel = 10 // half a second
	forgiven = 64 // requests without a foul bring the level down by one
)

// next counts a change of somebody's.
func (s *Store) next(who hypercall.DomID) uint64 {
	s.gen++
	s.by[s.gen%remembered] = who
	return s.gen
}

// blame says that a change has made a transaction fail.
func (s *Store) blame(victim *Client, gen uint64) {
	if !victim.privileged() || s.gen-gen >= remembered {
		return
	}
	if d := s.domains[s.by[gen%remembered]]; d != nil && d.id != 0 {
		d.record.fouls++
		d.record.good = 0
	}
}

// Penalty is how long the client has to wait before its next request.
func (c *Client) Penalty() time.Duration {
	r := &c.domain.record
	if r.fouls == 0 {
		if r.good++; r.good%forgiven == 0 {
			r.level = max(0, r.level-1)
		}
		return 0
	}
	r.fouls = 0
	r.level = min(maxLevel, r.level+1)
	return time.Millisecond << (r.level - 1)
}

// changed is the change by which a node is not in a tree as it was in another, or 0. What counts for children is which there are, and only if they
// were listed.
func changed(was, is *tree.Node, now *tree.Node, path string, listed bool) uint64 {
	switch {
	case was == is:
		return 0
	case is == nil:
		above, _ := now.Nearest(path)
		return above.List
	case was == nil || was.Gen != is.Gen:
		return is.Gen
	case listed && was.List != is.List:
		return is.List
	}
	return 0
}
