// Package blkif is the layout of a block device's ring, and what its messages mean. Public header io/blkif.h.
//
// # Three requests in one slot
//
// A slot holds a [Request], a [DiscardRequest] or an [IndirectRequest]: the first byte says which. A front end makes them by
// [Transfer], [Indirect], [Flush] and [Discard]. A back end takes a slot's copy, and [Request.Decode] makes a [Command] of it: one form
// for all, with its counts checked. What a Command says is still the front end's word; [Command.Sectors] and [Segment.Bytes] check
// it further.
//
// # Sectors
//
// Sectors are of 512 bytes here, whatever the device's own are. A segment is a run of them in a page, from the first to the last, and
// the last is of it. A request's segments lie one after the other on the device, beginning at its sector.
//
// # Data
//
// Pages are named by grant references, of which a request holds 11. An indirect request names up to 8 pages instead, each a list of 512
// segments, which the front end can change as long as it likes: a back end copies them, and looks at the copy. How many segments it
// takes is for it to say (KeyIndirect).
//
// # Durability
//
// A write that was answered may be in a cache. OpFlush makes durable what was answered before it; OpBarrier is a write (perhaps of
// nothing) that is done after all before it, is durable when it is answered, and comes before all after it.
package blkif
