package store

import (
	"slices"
	"strings"
	"syscall"

	"tuco/control/store/tree"
	"tuco/hypercall"
)

// An op is what one request changes.
type op struct {
	kind  uint32 // XS_WRITE, XS_MKDIR, XS_RM or XS_SET_PERMS
	path  string
	value string
	perms tree.Perms
}

func (o op) bytes() int { return len(o.path) + len(o.value) + permSize*len(o.perms) }

// An edit is a change that is being made: the new tree, and what comes of it. It is taken over as a whole, by the store or by a
// transaction, or forgotten when something in it fails.
type edit struct {
	root    *tree.Node
	gen     uint64   // of this change
	charges []charge // behind those of a transaction's earlier changes
	earlier int      // as many
	changes []change // as well
}

// A change is something that watches are told of.
type change struct {
	path  string
	exact bool // watches of the node itself are told, those of what it is in are not: they hear of that
	// Who may read by one of these is told: the node's permissions before and after, and, if it was made or removed, those of the
	// directory in which that is seen.
	before, after, dir tree.Perms
}

// apply makes a change for a client.
func (e *edit) apply(who *Client, o op) syscall.Errno {
	switch o.kind {
	case hypercall.XS_WRITE:
		return e.write(who, o.path, o.value)
	case hypercall.XS_MKDIR:
		return e.mkdir(who, o.path)
	case hypercall.XS_RM:
		return e.remove(who, o.path)
	default:
		return e.setPerms(who, o.path, o.perms)
	}
}

// find is a node that a client may read, or write to. ENOENT: it isn't there, and the client may know: it may do the same with what is
// there of the way to it. EACCES: it may not.
func find(root *tree.Node, who *Client, path string, write bool) (*tree.Node, syscall.Errno) {
	n, at := root.Nearest(path)
	if !who.may(n.Perms, write) {
		return nil, syscall.EACCES
	}
	if len(at) != len(path) {
		return nil, syscall.ENOENT
	}
	return n, 0
}

// write sets a value. What isn't there of the path is made.
func (e *edit) write(who *Client, path, value string) syscall.Errno {
	n, errno := find(e.root, who, path, true)
	switch {
	case errno == syscall.ENOENT:
		return e.create(who, path, value)
	case errno != 0:
		return errno
	}
	after := *n
	after.Value, after.Gen = value, e.gen
	return e.replace(who, path, n, &after)
}

// replace puts a node in the place of another.
func (e *edit) replace(who *Client, path string, before, after *tree.Node) syscall.Errno {
	if errno := who.fits(after.Value, after.Perms); errno != 0 {
		return errno
	}
	name := lastName(path)
	if was, is := before.Perms.Owner(), after.Perms.Owner(); was == is {
		if errno := e.charge(who, is, of(name, after).minus(of(name, before))); errno != 0 {
			return errno
		}
	} else {
		e.charge(who, was, usage{}.minus(of(name, before)))
		if errno := e.charge(who, is, of(name, after)); errno != 0 {
			return errno
		}
	}
	e.root = e.root.With(path, after, e.gen)
	e.changes = append(e.changes, change{path: path, before: before.Perms, after: after.Perms})
	return 0
}

// mkdir makes a node, with no value, unless it is there.
func (e *edit) mkdir(who *Client, path string) syscall.Errno {
	_, errno := find(e.root, who, path, true)
	if errno == syscall.ENOENT {
		return e.create(who, path, "")
	}
	return errno
}

// create makes a node, and what isn't there above it. A new node has the permissions of the one that it is in, but belongs to who made
// it; what domain 0 makes, for others, belongs to whom the other belongs.
func (e *edit) create(who *Client, path, value string) syscall.Errno {
	above, at := e.root.Nearest(path)
	names := slices.Collect(tree.Walk("/" + strings.TrimPrefix(path[len(at):], "/")))
	perms := above.Perms
	if !who.privileged() {
		perms = perms.OwnedBy(who.domain.id)
	}
	var n *tree.Node
	for i, name := range slices.Backward(names) {
		up := &tree.Node{Perms: perms, Gen: e.gen, List: e.gen}
		if n == nil {
			up.Value = value
		} else {
			up = up.Holding(names[i+1], n)
		}
		n = up
		if errno := e.charge(who, perms.Owner(), of(name, n)); errno != 0 {
			return errno
		}
	}
	if errno := who.fits(value, perms); errno != 0 {
		return errno
	}
	e.root = e.root.With(tree.Join(at, names[0]), n, e.gen)
	dir := perms
	if len(names) == 1 {
		dir = above.Perms
	}
	e.changes = append(e.changes, change{path: path, after: perms, dir: dir})
	return 0
}

// remove removes a node, and all below it, whosever that is. If there is only what it would be in, that is no error.
func (e *edit) remove(who *Client, path string) syscall.Errno {
	n, errno := find(e.root, who, path, true)
	above := e.root.Find(tree.Above(path))
	switch {
	case path == "/":
		return syscall.EINVAL
	case errno == syscall.ENOENT && above != nil:
		return 0
	case errno != 0:
		return errno
	}
	e.changes = append(e.changes, change{path: path, before: n.Perms, dir: above.Perms})
	e.forget(who, path, n)
	e.root = e.root.Without(path, e.gen)
	return 0
}

// forget gives back what a removed node and those below it were charged for. Who watches one of those is told.
func (e *edit) forget(who *Client, path string, n *tree.Node) {
	e.charge(who, n.Perms.Owner(), usage{}.minus(of(lastName(path), n)))
	for name, child := range n.Children() {
		below := path + "/" + name
		e.changes = append(e.changes, change{path: below, exact: true, before: child.Perms, dir: n.Perms})
		e.forget(who, below, child)
	}
}

// setPerms is for the owner, and only domain 0 gives a node to another.
func (e *edit) setPerms(who *Client, path string, perms tree.Perms) syscall.Errno {
	n, errno := find(e.root, who, path, true)
	switch {
	case errno != 0:
		return errno
	case !who.owns(n.Perms):
		return syscall.EACCES
	case !who.privileged() && perms.Owner() != n.Perms.Owner():
		return syscall.EPERM
	case !who.privileged() && len(perms) > who.store.quota.Perms:
		return syscall.ENOSPC
	}
	after := *n
	after.Perms, after.Gen = perms, e.gen
	return e.replace(who, path, n, &after)
}

// lastName is the name of the node at a path; the root has none.
func lastName(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
