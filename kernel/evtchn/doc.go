// Package evtchn is event channels in the two-level layout: how domains notify
// each other, and how the hypervisor notifies them.
//
// A channel's end is a port, a number in its domain. A port is closed, waits
// for a peer (unbound), is connected to a peer's port (interdomain), or is
// bound to an interrupt: a vCPU's virtual one, a global virtual one, a physical
// one, or one that the domain sends to itself (IPI). Public header
// event_channel.h; hypercall.SharedInfo has the order in which the bits of an
// event are raised and taken.
//
// The operations change state and return an Effect: whom the caller has to
// wake. They send nothing themselves, so all of this runs on the host in tests.
//
// # Who may touch what
//
//	links                 System.links: one for all domains
//	└─ events             Domain.lock: two at once by lock.LockBoth
//
// A port changes under its domain's lock. A connection has two ports, and is made
// and cut under both domains' locks together; so either lock alone keeps it as it
// is, and a sender takes its own only. Who wants to cut a connection has to find
// the peer before it can take the peer's lock: links, which whoever makes or cuts
// one holds besides, keeps both the connection and the peer in existence between
// the two. A close from either side at once therefore needs no second try.
//
// State and vCPU of a port are one atomic word, and this much is read with no
// lock at all: an IPI, a virtual interrupt and EVTCHNOP_unmask concern the
// caller's own domain only. If the domain closes the port at the same moment it
// may find it pending later, which it brought upon itself.
//
// # Publication
//
// Ports are kept in buckets that are added as they are needed. A bucket is stored
// before the count of valid ports that makes it reachable; a port's word
// before the interrupt's table names the port; a connection's peer before the word
// that says there is one; a vCPU's new vcpu_info before the index that selects
// it. Each of those last stores is a release, and each reader starts with the
// acquire that pairs with it. The number of valid ports never falls while the
// domain exists.
//
// # What the guest can't do
//
// Nothing in the shared page is trusted: pending, mask and selector bits decide
// on notifications only. Every port number is checked against the count of
// valid ports where it comes in. No operation takes longer than a fixed number of
// steps; Reset and Destroy stop at a budget and go on where they were.
package evtchn
