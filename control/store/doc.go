// Package store is the store: a tree of small texts in which domains tell each other of their devices and their state. It is what stands
// behind guestlib/xenbus, and speaks the protocol of Xen's daemon (public header io/xs_wire.h; docs/misc/xenstore.txt of Xen).
//
// Here is what the store does with a message, and nothing of how messages come: [Client.Do] takes a request and returns its reply,
// [Client.Next] returns events of watches. It has no goroutine, no clock and no lock; one request is done at a time. control/store/serve
// connects domains to it.
//
// # A request
//
// The nodes are an immutable tree (control/store/tree), and the store is a pointer to its root. A change is an edit: it takes the root,
// makes another, and notes who owns more or less by it and which paths have changed. If anything fails on the way (a permission, a quota)
// the edit is forgotten, and nothing has happened. If not, [Store.install] takes it over in one step: root, accounts, events.
//
// # Transactions
//
// A transaction is a root too: the store's when it began, which costs nothing to keep. Its changes are edits of its own tree, and stand in a log;
// what it has looked at or changed is in a set. At its end:
//
//   - If the store's root is the one that it began with, the transaction's root becomes the store's.
//   - Else each node of the set is looked up in both. If the generations differ, or one has no such node, the transaction fails with EAGAIN
//     and nothing is done. A directory's generation counts only if the transaction has listed it: two transactions that make
//     different nodes in one directory don't disturb each other.
//   - Else its log is done again, on the store's root. Whatever does not succeed this time is EAGAIN too.
//
// A transaction that has only read does not fail: all that it has read was true at one time.
//
// Domain 0's transactions come through in the end: see [Client.Penalty].
//
// Snapshots that are kept long would keep old nodes from being freed; [Store.renew] bounds how many.
//
// # Watches
//
// A watch is found by its path in a map, so a change costs a look-up for each name on its path, however many watches there are. Its
// events come in the order in which changes were installed, one for each: of the node or of anything below it. Of a tree that is
// removed, those who watch something in it hear by that thing's own path, and all others by the path of the whole. A transaction's changes are
// told when it is committed, once for each node. Who can neither read the node (before or after) nor list the directory in which it came or
// went is told nothing: an event would give away that it is there.
//
// A client that takes no events has a queue that does not grow: when it is full, a watch for whose event there is no room has one event of
// its own path instead, when the queue has been taken. None is lost, they only tell less.
//
// # Permissions and accounts
//
// A node has an owner, who may do all, and says what others may do, each or all. What a domain makes belongs to it, with the other permissions of
// the directory that it is made in; what domain 0 makes belongs to that directory's owner. Domain 0 may do everything. Only domain 0 gives nodes away.
// Each node counts against its owner's [Quota]. When a domain ends ([Store.Release]) its nodes are removed, whatever others have put below
// them, and its number is taken out of all permissions: the next domain with that number finds nothing of its own.
package store
