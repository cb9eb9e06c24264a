// Package frontend is what the front ends of devices have in common: how they find their back end, connect and part.
//
// # A device is two ends
//
// A paravirtual device has a front end in the domain that uses it, and a back end in the domain that has the hardware, or
// pretends to. They share pages, in which the rings of package ring lie, and an event channel. Before they can, each has to
// tell the other where: through the store, a tree of names that a third party keeps. Each end has a directory in it
//
//	device/vbd/51712             the front end's, below its domain's own directory
//	  backend = …                where the back end's directory is
//	  backend-id = 0             the domain it is in
//	  state = 4
//	  ring-ref, event-channel …  what the front end proposes
//	/local/domain/0/backend/vbd/7/51712
//	  state = 4
//	  feature-…, sectors …       what the back end can, and what the device is
//
// and a node "state" there, by which both walk together:
//
//	front end                     back end
//	Initialising                  Initialising
//	                              InitWait       it has said what it can
//	Initialised                                  rings are there (a network interface says Connected at once)
//	                              Connected      it has them mapped
//	Connected                                    the device works
//	Closing, Closed               Closing, Closed
//
// [Connect] does all that. A driver (package blk, netfront) says what it proposes, and is told of events and of the end.
//
// # Parting
//
// A connection ends when one side closes it, when the back end's domain dies, when the store goes away, or when the back end
// does what it can't: [Connection.Fail]. In each case the driver is told first, so that whoever waits gets an error; then
// the ends part by their states as far as the back end takes part, for a bounded time; then nothing is left: no
// goroutine, no port, no page that the back end may touch. A page that the back end has still mapped is not used for
// anything else until it lets go of it, which is the business of [Domain.Unshare].
//
// # Saving
//
// A domain that is saved and restored finds neither its grants nor its channels again, and another back end, perhaps on another
// machine. Its devices are told before ([Saved]): from then on a connection does not end for what its back end does; it is
// dropped without a word when the domain goes on, and another takes its place ([Current]). What was under way is done again.
//
// # The back end is not trusted
//
// It can read and write what is shared with it, and what stands in its directory is a string of its choice. Numbers from
// there are parsed with a limit. Data goes through pages that are shared for nothing else, and is copied out of them once,
// before it is looked at: no memory of the program's own is ever shared, nor the rest of a page beside a buffer.
package frontend
