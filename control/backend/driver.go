package backend

import (
	"errors"
	"fmt"

	"tuco/hypercall"
)

// ErrMisbehaved says that a front end did what it must not. Drivers wrap it, by Misbehaved.
var ErrMisbehaved = errors.New("the front end does what it must not")

// Misbehaved is ErrMisbehaved with what the front end did.
func Misbehaved(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrMisbehaved, fmt.Errorf(format, args...))
}

// Driver is a back end's part in a device. Its methods are called by one goroutine.
type Driver interface {
	// Offer is what a front end may have to know before it proposes: nodes for the back end's directory.
	Offer() map[string]string

	// Ready is the state from which on a front end has proposed: Initialised for a block device, Connected for a network
	// interface.
	Ready() hypercall.XenbusState

	// Connect takes what the front end proposes. It returns what there is to say of the device now: nodes for the back end's
	// directory. It may be where another connection ended with the front end noticing nothing: see the package's "Restarts".
	Connect(*Peer) (Session, map[string]string, error)
}

// Session is a device that is connected.
type Session interface {
	// Ended is closed when the session can't go on, for a reason that Err gives: what the front end did, in most cases.
	Ended() <-chan struct{}
	Err() error

	// Close ends the session: no more requests are taken, those that were are finished and answered, and nothing stays mapped
	// or bound. It is called once, also after Ended.
	Close()
}
