package tree

import (
	"slices"

	"tuco/guestlib/xenbus"
	"tuco/hypercall"
)

// Perms says who may do what with a node. The first names the owner, who may do all, and what those may do who are not in the list. It is
// never empty, and nobody writes to it.
type Perms []xenbus.Perm

// Owner is whose the node is, and whose quota it counts against.
func (p Perms) Owner() hypercall.DomID { return p[0].Domain }

// Of is what a domain may do, which is not the privileged one.
func (p Perms) Of(domain hypercall.DomID) (read, write bool) {
	if domain == p[0].Domain {
		return true, true
	}
	for _, other := range p[1:] {
		if other.Domain == domain {
			return other.Read, other.Write
		}
	}
	return p[0].Read, p[0].Write
}

// OwnedBy is the same permissions with another owner.
func (p Perms) OwnedBy(owner hypercall.DomID) Perms {
	if p[0].Domain == owner {
		return p
	}
	q := slices.Clone(p)
	q[0].Domain = owner
	return q
}

// Name tells whether a domain is in the list, as the owner or as another.
func (p Perms) Name(domain hypercall.DomID) bool {
	return slices.ContainsFunc(p, func(perm xenbus.Perm) bool { return perm.Domain == domain })
}

// Without is the permissions without a domain. What it owns is domain 0's.
func (p Perms) Without(domain hypercall.DomID) Perms {
	if p.Owner() == domain {
		p = p.OwnedBy(0)
	}
	return slices.DeleteFunc(slices.Clone(p), func(perm xenbus.Perm) bool { return perm.Domain == domain })
}
