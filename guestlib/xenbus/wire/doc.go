// Package wire is how a domain and the store's daemon talk: messages, over a page with a byte ring in each direction. Both ends
// are here. Public header io/xs_wire.h.
//
// A message is a head of four numbers (type, request, transaction, length) and at most 4096 bytes. The daemon answers each
// request by a message with its number; events of watches come in between.
//
// Neither end trusts the other: an index of the ring that can't be, or a length that is too large, ends the connection.
package wire
