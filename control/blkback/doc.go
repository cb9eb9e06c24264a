// Package blkback is the back end of block devices: it takes a guest's requests out of a ring, does them on a [Disk], and answers.
//
// # A request's way
//
//	ring ─ take ─ decode ─ limit ─┬─ a goroutine: data in, disk, data out ─ answer ─ ring
//	                              └─ …as many at once as fit into the budget
//
// One goroutine takes requests, each copied once out of the slot (package ring/blkif says what stands in it, and checks that). What is
// wrong with a request costs that request an error, and nobody else anything. What is wrong with the ring's index ends the connection.
//
// Requests are done in any order, several at once. A flush makes durable what was answered before it was sent, which is all that
// block layers rely on. A barrier waits until all before it are done, and all after it wait for it.
//
// # Data
//
// Data goes through memory of this domain's. So a guest that changes its page while the disk looks at it changes nothing: what is written was
// copied once, and a page is never lent to a disk that works while the grant ends. Two ways lead there: a copy by
// the hypervisor, all segments of a request in one call; or, where the front end says that it uses the same pages again and again
// (feature-persistent), a mapping that is kept, so that later requests need no call at all. No more than so many mappings are kept
// ([maxKept]), the one that was used least recently goes first, and what can't be mapped is copied: the front end's promise is
// never relied upon.
//
// # Limits
//
// A guest can't have more done at once than the ring has slots, nor more memory used than [maxUnderWay]: requests wait in the ring until
// there is room. A rate ([Config.Bytes], [Config.Requests]) may be shared by all devices of a guest; requests over it wait in the ring too.
// Faulty requests count as others do.
//
// # The end
//
// Closing drains: requests that were taken are finished and answered, then pages are unmapped. See package backend's "Restarts".
package blkback
