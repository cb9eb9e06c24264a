package frontend

import (
	"context"
	"errors"

	"tuco/hypercall"
)

// PageSize is the unit in which memory is shared.
const PageSize = 4096

// ErrNoStore says that the domain has no store, so that nobody can tell it of devices. Domain 0 has none before its own runs.
var ErrNoStore = errors.New("this domain has no store, so it has no devices")

// Domain is what a front end needs of the domain that it runs in.
type Domain interface {
	// Store is the domain's store. The error is ErrNoStore where it has none.
	Store() (Store, error)

	// Share gives a domain access to new pages, one after the other in memory and all zero.
	Share(with hypercall.DomID, pages int, readOnly bool) (Shared, error)

	// Unshare ends it. The memory may not be used after that. Pages that the other domain has still mapped stay out
	// of use until it lets go of them. Of what was shared before the domain was suspended only the memory is left to free.
	Unshare(Shared)

	// AtSuspend has a device told when the domain is saved and when it goes on, until remove is called.
	AtSuspend(*Saved) (remove func())

	// Listen makes an event channel that a domain may bind to.
	Listen(to hypercall.DomID) (Channel, error)
}

// Shared is memory that another domain has access to.
type Shared struct {
	Memory []byte
	Refs   []hypercall.GrantRef // one for each page
}

// Channel is one end of an event channel.
type Channel interface {
	Port() hypercall.Port

	// Notify sends an event.
	Notify() error

	// Wait waits for an event since the last Wait. It fails once the channel is closed, and with the context's error.
	Wait(context.Context) error

	Close() error
}

// Store is a domain's view of the store. A path that doesn't begin with a slash is below the domain's own directory. For a
// node that isn't there, errors are fs.ErrNotExist.
type Store interface {
	Read(path string) (string, error)
	List(path string) ([]string, error)

	// WriteAll writes all of the nodes or none.
	WriteAll(nodes map[string]string) error

	Watch(path string) (Watch, error)
}

// Watch tells of changes of a node.
type Watch interface {
	// Changed has something to receive if the node changed since the last time, and is closed when the store goes away.
	Changed() <-chan struct{}

	Stop()
}
