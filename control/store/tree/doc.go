// Package tree is the store's nodes, in a tree that never changes.
//
// # A change is a new root
//
// Nothing that can be reached from a root is ever written again. A change makes a new root, and new nodes on the way down to what
// has changed; all others are shared with the old one:
//
//	 old   new               a write to /a/b/c
//	  /     /'
//	 / \   / \
//	x    \/   a'
//	      a \  \            x, y and d are in both trees
//	     / \  \ \
//	    y   b  y b'
//	       / \    \ \
//	      d   c    d c'
//
// So a snapshot of the whole store is one pointer, whatever the store's size: it costs no copy to begin a transaction, and none to give one
// up. Whoever has a root can read it for as long as he likes, while others go on.
//
// # Directories
//
// On the way down lies /local/domain, which has a child for every domain of the host: a copied array of children would have each write
// cost as much as there are domains. So the children of a node are a tree too, a binary one that is sorted by name and balanced by
// weight (Adams: no side has more than three times the other's weight), and never changes either: with a thousand domains a write
// copies ten small nodes there. Each of them knows how long the names below it are together, so that a part of a long directory is
// found without writing out the rest.
//
// # Generations
//
// The store counts its changes. A node has the count of the last change of its value and permissions, and another of the last child
// that was made or removed. A transaction knows by them whether what it has seen is still so.
package tree
