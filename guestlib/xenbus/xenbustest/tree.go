package xenbustest

import (
	"maps"
	"slices"
	"strings"
	"syscall"

	"tuco/guestlib/xenbus"
	"tuco/hypercall"
)

// A tree is nodes by their paths; the root is "". Trees share nodes, which are never changed.
type tree map[string]*node

type node struct {
	value string
	perms []xenbus.Perm
}

func newTree() tree {
	return tree{"": {perms: []xenbus.Perm{{Domain: 0}}}}
}

// above is the path of the node that holds another.
func above(path string) string { return path[:strings.LastIndexByte(path, '/')] }

// get is a node that a domain may use in a way.
func (t tree) get(who hypercall.DomID, path string, write bool) (*node, syscall.Errno) {
	n := t[path]
	if n == nil {
		// Who may not look does not hear whether there is anything.
		for up := path; ; {
			up = above(up)
			if n := t[up]; n != nil {
				if !n.allows(who, false) && !n.allows(who, true) {
					return nil, syscall.EACCES
				}
				return nil, syscall.ENOENT
			}
		}
	}
	if !n.allows(who, write) {
		return nil, syscall.EACCES
	}
	return n, 0
}

func (n *node) allows(who hypercall.DomID, write bool) bool {
	if who == 0 || who == n.perms[0].Domain {
		return true
	}
	p := n.perms[0]
	for _, other := range n.perms[1:] {
		if other.Domain == who {
			p = other
		}
	}
	return write && p.Write || !write && p.Read
}

// put sets a node's value, and makes what is missing above it. Only a new node stays as it is if the value is nil.
func (t tree) put(who hypercall.DomID, path string, value *string) syscall.Errno {
	n, errno := t.get(who, path, true)
	if errno == syscall.ENOENT {
		if errno := t.put(who, above(path), nil); errno != 0 {
			return errno
		}
		perms := slices.Clone(t[above(path)].perms)
		if who != 0 {
			perms[0].Domain = who
		}
		n, errno = &node{perms: perms}, 0
		t[path] = n
	}
	if errno != 0 || value == nil {
		return errno
	}
	t[path] = &node{*value, n.perms}
	return 0
}

func (t tree) remove(who hypercall.DomID, path string) syscall.Errno {
	_, errno := t.get(who, path, true)
	switch {
	case path == "":
		return syscall.EINVAL
	case errno == syscall.ENOENT && t[above(path)] != nil:
		return 0
	case errno != 0:
		return errno
	}
	maps.DeleteFunc(t, func(p string, _ *node) bool { return p == path || strings.HasPrefix(p, path+"/") })
	return 0
}

func (t tree) list(path string) (names []string) {
	for p := range t {
		if p != "" && above(p) == path {
			names = append(names, p[len(path)+1:])
		}
	}
	slices.Sort(names)
	return names
}
