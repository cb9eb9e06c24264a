package tree

import "strings"

// kids is the children of a node: a sorted tree that never changes, nil if it is empty.
type kids struct {
	left, right *kids
	name        string
	node        *Node
	count       uint32 // of children
	bytes       uint32 // of their names, and a zero for each
}

func (k *kids) size() int {
	if k == nil {
		return 0
	}
	return int(k.count)
}

func (k *kids) listing() int {
	if k == nil {
		return 0
	}
	return int(k.bytes)
}

func (k *kids) get(name string) *Node {
	for k != nil {
		switch {
		case name == k.name:
			return k.node
		case name < k.name:
			k = k.left
		default:
			k = k.right
		}
	}
	return nil
}

// set is the children with another in the place of the one of that name, which is there.
func (k *kids) set(name string, node *Node) *kids {
	same := *k
	switch {
	case name == k.name:
		same.node = node
	case name < k.name:
		same.left = k.left.set(name, node)
	default:
		same.right = k.right.set(name, node)
	}
	return &same
}

// put is the children with one more.
func (k *kids) put(name string, node *Node) *kids {
	switch {
	case k == nil:
		return join(nil, strings.Clone(name), node, nil) // the rest of a path is not to live as long as a name in it
	case name < k.name:
		return balance(k.left.put(name, node), k, k.right)
	default:
		return balance(k.left, k, k.right.put(name, node))
	}
}

// drop is the children without one, which is there.
func (k *kids) drop(name string) *kids {
	switch {
	case name < k.name:
		return balance(k.left.drop(name), k, k.right)
	case name > k.name:
		return balance(k.left, k, k.right.drop(name))
	case k.left == nil:
		return k.right
	case k.right == nil:
		return k.left
	}
	next := k.right
	for next.left != nil {
		next = next.left
	}
	return balance(k.left, next, k.right.drop(next.name))
}

func join(left *kids, name string, node *Node, right *kids) *kids {
	return &kids{
		left, right, name, node,
		uint32(left.size() + 1 + right.size()), uint32(left.listing() + len(name) + 1 + right.listing()),
	}
}

// with is a child between others than those that it lies between.
func (k *kids) with(left, right *kids) *kids { return join(left, k.name, k.node, right) }

// Of two sides, neither has more than heavy times the other's weight, which is its size and one. When it has, the heavy side's inner
// part moves over; alone, or all but its middle if that part is as heavy as single times the outer one. With 3 and 2 that is always enough
// (Hirai and Yamamoto, "Balancing Weight-Balanced Trees").
const (
	heavy  = 3
	single = 2
)

func (k *kids) weight() int { return k.size() + 1 }

// balance puts a child between two sides, one of which has changed by at most one since they were balanced.
func balance(left, k, right *kids) *kids {
	switch {
	case right.weight() > heavy*left.weight():
		if inner := right.left; inner.weight() >= single*right.right.weight() {
			return inner.with(k.with(left, inner.left), right.with(inner.right, right.right))
		}
		return right.with(k.with(left, right.left), right.right)
	case left.weight() > heavy*right.weight():
		if inner := left.right; inner.weight() >= single*left.left.weight() {
			return inner.with(left.with(left.left, inner.left), k.with(inner.right, right))
		}
		return left.with(left.left, k.with(left.right, right))
	}
	return k.with(left, right)
}

// each yields all, in order, until yield has enough.
func (k *kids) each(yield func(string, *Node) bool) bool {
	return k == nil || k.left.each(yield) && yield(k.name, k.node) && k.right.each(yield)
}

// names appends the bytes from some place on to another, of all names with a zero behind each.
func (k *kids) names(b []byte, from, to int) []byte {
	if k == nil || from >= to || to <= 0 || from >= int(k.bytes) {
		return b
	}
	before := k.left.listing()
	b = k.left.names(b, from, to)
	behind := before + len(k.name) + 1
	for i := max(from, before); i < min(to, behind); i++ {
		if i == behind-1 {
			b = append(b, 0)
		} else {
			b = append(b, k.name[i-before])
		}
	}
	return k.right.names(b, from-behind, to-behind)
}
