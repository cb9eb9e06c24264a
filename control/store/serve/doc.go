// Package serve connects domains to the store: it takes their requests from rings, has control/store do them, and puts replies and events
// back. It is the store's daemon.
//
// # A connection
//
// A domain has a page with a byte ring in each direction, and an event channel. Each connection is one goroutine, which goes round: send what
// is to be sent; if that is all gone, take bytes of the next request, and when it is whole have it done; if there is room yet, take an
// event of a watch. When nothing moves it waits for the peer, or for an event.
//
// So a connection holds at most a request that has not come whole, a reply, and an event: a domain that takes no replies is not read from any more, and
// its requests wait in its own page. What it may do harm to by flooding is its own connection.
//
// # Turns
//
// The store is for one at a time. Who wants it stands in a queue, and is served in the order of arrival, one request each: with n
// connections nobody waits longer than n-1 requests take, whatever the others send. (A mutex would be cheaper, and lets those who come again at once
// go first.) A request's work is bounded by the quotas.
//
// A domain can still be in the way of others by changing again and again what a transaction of domain 0's has read. One that makes such a transaction
// fail has to wait before its next request, longer each time; when it has behaved for a while, less.
//
// # Bad peers
//
// An index that can't be, or a message that is too long, ends the connection: its watches and transactions are gone, the reason
// is in the log and in the page, and nothing is read any more until the domain asks for a new connection in the page's Connection word.
// What else is malformed is answered by EINVAL.
//
// # Restart
//
// [Server.Stop] brings every connection to rest between two steps, and returns all there is as one value: the store's state, and for
// each connection the bytes of a request that came so far and those of the reply that did not fit yet. [Resume] makes a server of it, which goes on
// in the middle of a message. A [Daemon] does both. Domains notice nothing; the rings' indices are in their pages. Transactions that are open go on, see control/store.
package serve
