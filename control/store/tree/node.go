package tree

import (
	"iter"
	"strings"
)

// A Node is a value, permissions, and children. Nobody writes to it once it is part of a tree.
type Node struct {
	Value string
	Perms Perms
	Gen   uint64 // when value or permissions changed last, or when the node was made
	List  uint64 // when a child was made or removed last
	kids  *kids
}

// Root is a tree of one node.
func Root(perms Perms) *Node { return &Node{Perms: perms} }

// Walk yields the names on a path, from the top. Those of "/" are none.
func Walk(path string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for rest := path[1:]; rest != ""; {
			var name string
			name, rest, _ = strings.Cut(rest, "/")
			if !yield(name) {
				return
			}
		}
	}
}

// Above is the path of the node that holds another's. Above of "/" is "/".
func Above(path string) string { return path[:max(1, strings.LastIndexByte(path, '/'))] }

// Join is the path of a child.
func Join(path, name string) string {
	if path == "/" {
		return "/" + name
	}
	return path + "/" + name
}

// Find is the node at an absolute path, or nil.
func (n *Node) Find(path string) *Node {
	for name := range Walk(path) {
		if n = n.Child(name); n == nil {
			return nil
		}
	}
	return n
}

// Nearest is the node at a path, or the lowest that there is above it, and its own path.
func (n *Node) Nearest(path string) (*Node, string) {
	length := 0
	for name := range Walk(path) {
		child := n.Child(name)
		if child == nil {
			return n, path[:max(1, length)]
		}
		n, length = child, length+1+len(name)
	}
	return n, path
}

// Child is a child by its name, or nil.
func (n *Node) Child(name string) *Node { return n.kids.get(name) }

// Children yields all children, by name.
func (n *Node) Children() iter.Seq2[string, *Node] {
	return func(yield func(string, *Node) bool) { n.kids.each(yield) }
}

// Count is how many children there are.
func (n *Node) Count() int { return n.kids.size() }

// Listing is how long the list of the children's names is, each with a zero behind it.
func (n *Node) Listing() int { return n.kids.listing() }

// Names appends some bytes of that list.
func (n *Node) Names(b []byte, from, to int) []byte { return n.kids.names(b, from, to) }

// With is the tree with a node in a place. What it would be in has to be there. The node keeps the children that it has; gen is written
// down where one is new.
func (n *Node) With(path string, node *Node, gen uint64) *Node { return n.with(path[1:], node, gen) }

func (n *Node) with(rest string, node *Node, gen uint64) *Node {
	if rest == "" {
		return node
	}
	name, rest, _ := strings.Cut(rest, "/")
	above, old := *n, n.kids.get(name)
	if old == nil {
		above.List = gen
		above.kids = n.kids.put(name, node)
	} else {
		above.kids = n.kids.set(name, old.with(rest, node, gen))
	}
	return &above
}

// Holding is the node with one more child.
func (n *Node) Holding(name string, child *Node) *Node {
	with := *n
	with.kids = n.kids.put(name, child)
	return &with
}

// Without is the tree without a node and what is below it. The node has to be there, and isn't the root.
func (n *Node) Without(path string, gen uint64) *Node { return n.without(path[1:], gen) }

func (n *Node) without(rest string, gen uint64) *Node {
	name, rest, more := strings.Cut(rest, "/")
	above := *n
	if more {
		above.kids = n.kids.set(name, n.kids.get(name).without(rest, gen))
	} else {
		above.List = gen
		above.kids = n.kids.drop(name)
	}
	return &above
}
