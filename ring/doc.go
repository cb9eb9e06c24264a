// Package ring is how two domains talk through memory that both can write.
//
// # The ring
//
// A front end puts requests into a ring of slots, a back end takes them and puts responses into the same slots. A ring has
// a power of two of slots, and four indices that both sides see:
//
//	         rsp_prod            req_prod
//	            │                   │
//	┌───┬───┬───┼───┬───┬───┬───┬───┼───┬───┐
//	│   │rsp│rsp│   │req│req│req│req│   │   │
//	└───┼───┴───┼───┼───┴───┴───┴───┴───┴───┘
//	 rsp_cons      req_cons
//
// The front end writes req_prod, the back end rsp_prod; each keeps how far it has consumed, and how far it has produced, to
// itself as well. Indices run freely from 0 to 2³²-1 and wrap; the slot is the index modulo the number of slots, and the
// difference of two indices, as a number of 32 bits, is how many lie between, also across the wrap. So a ring that is full
// and one that is empty are told apart with no slot wasted. A response takes the slot of a request that was taken before it
// (not always the one that it answers), so
//
//	rsp_cons <= rsp_prod <= req_cons <= req_prod <= rsp_cons + slots
//
// holds always, and nobody has to wait for room: a front end that has a free slot has room for the response too.
//
// # Order
//
// A slot is written first and the index over it moved after; an index is read first and the slots below it after. Indices
// are written and read by sync/atomic, whose operations are never reordered with what stands before or behind them, by the
// compiler or by the processor. That is all that makes the plain copies of slots safe.
//
// # Fewer notifications
//
// An event costs both sides far more than a slot does. Each side says in shared memory from which index on it wants to be
// told (req_event, rsp_event), and a producer that moved its index from old to new sends an event only if the wish lies in
// between:
//
//	new - event < new - old
//
// A consumer that works says nothing, and is not disturbed. Before it sleeps it sets its wish to the next index, and then
// looks once more: the producer may have moved before it could see the wish, and will not tell. This is FinalCheck. Both
// sides write their own word and then read the other's; that needs a full barrier between the two (Dekker's problem), which
// an atomic store is on this processor. If one of the two were missing, both sides could sleep for ever.
//
// # The peer is not trusted
//
// The peer can write all of the memory at all times. So:
//
//   - What a side wrote itself it never reads back: positions are kept in private memory, where they are true.
//   - An index of the peer is read once, and the copy is checked: it lies neither before the one seen last nor further
//     ahead than what can be there. Otherwise the ring is dead: this and every later call fails with ErrIndex, and the
//     connection has to be given up.
//   - A slot is copied once, and only the copy is looked at. What stands in the copy (an id, a length, an offset) is still
//     the peer's word, and for the user of the ring to check.
//   - The peer's wish to be notified decides nothing but whether it is notified, so it needs no check.
//   - Whatever the peer does, a call does bounded work.
//
// # Byte rings
//
// The console and the store have simpler rings: a Bytes for each direction, with no slots, no responses and no hold-off.
//
// # Messages
//
// What goes through the slots is the business of the packages below: blkif, netif, console and xenstore, one for each of the public
// headers.
//
// Layouts and rules are those of Xen's public header io/ring.h. Nothing here allocates.
package ring
