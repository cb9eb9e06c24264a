package backend

import (
	"tuco/guestlib/frontend"
	"tuco/hypercall"
)

// PageSize is the unit in which memory is shared.
const PageSize = frontend.PageSize

// Machine is what back ends need of the domain that they run in, besides the store.
type Machine interface {
	// Map maps pages that a domain shares, one after the other. It maps all or none. With write they are mapped for writing,
	// which fails if one is shared read-only.
	Map(from hypercall.DomID, refs []hypercall.GrantRef, write bool) (Mapping, error)

	// Copy has the hypervisor copy between shared pages and memory of this domain, all in one call. It sets each copy's Err.
	Copy(with hypercall.DomID, copies []Copy)

	// Bind connects to a port of a domain's that waits for this one. An event comes at once, so that nothing that was sent
	// before gets lost.
	Bind(to hypercall.DomID, port hypercall.Port) (frontend.Channel, error)
}

// Mapping is pages of another domain's, which it can change at any time.
type Mapping interface {
	Bytes() []byte

	// Close unmaps them. Nobody may look at them any more.
	Close() error
}

// Copy is one copy between a shared page and memory of this domain.
type Copy struct {
	Ref    hypercall.GrantRef
	Offset int    // in the shared page; with the length of Local it ends there too
	Local  []byte // of this domain
	Out    bool   // to the shared page
	Err    error  // what came of it
}
