// Package netback is the back end of a guest's network interface: between the guest's two rings and a port of the switch.
//
//	guest's pages ──▶ TX ring ──▶ copy ──▶ port.Receive ──▶ switch
//	guest's pages ◀── RX ring ◀── copy ◀── Deliver ◀─────── switch
//	                                 │
//	                              waiting, while the guest has given no empty pages
//
// # Sending
//
// What the guest put into its ring is taken, some frames at once: the slots of all of them are checked, one call has the hypervisor copy all of
// their parts, and the frames go to the switch together. So a frame is copied once, out of the guest's reach, and looked at only then. Slots
// that don't fit together end the connection, since nobody knows where the next frame begins. A frame that names pages that the guest
// doesn't grant, or that leaves a page, is answered with an error, and others go on.
//
// # Receiving
//
// The switch delivers from whatever goroutine sent. A frame takes as many of the guest's empty pages as it needs, and a slot more that says how
// it is to be cut, if it is. While there are not enough, frames wait, up to a limit, and the guest is asked to tell when it has more; what
// is beyond the limit is lost. A frame is answered in the order of the requests that it took, so that a back end that is restarted
// finds the requests that nothing came for.
//
// # Offloads
//
// The guest says what it can take by keys in its directory of the store: the port is told ([Port.SetTakes]), and the switch does the rest. What
// the guest sends may be blank and uncut, always.
//
// # Bounds
//
// One connection has a buffer for frames that are sent, and as much again may wait. All work is bounded by what the rings hold. Each
// connection has one goroutine; one guest's flood takes the others no more than their share of the processor.
package netback
