// Package xenbus is a domain's view of the store: a tree of small texts, kept by a daemon in another domain, in which domains
// tell each other of their devices and their state.
//
// A node is named by a path, "/local/domain/5/device/vif/0/state". One that does not begin with a slash is below the domain's own
// directory. A node has a value, children, and permissions. [Store] has the operations; each is a message to the daemon and its
// reply. Several that belong together are a transaction: see [Store.Transact]. A [Watch] tells of changes below a node.
//
// Errors of the daemon are *fs.PathError with a syscall.Errno: errors.Is(err, fs.ErrNotExist) works as it does with files.
//
// # Trust
//
// The daemon is another domain's program. Whatever it writes into the shared page, this package neither panics nor loops nor
// keeps more than it asked for: an index that can't be, a message that is too long, a reply that nobody waits for or that is of
// another type ends the connection, and all that wait get the reason. Values are text of the daemon's choice, for their user
// to check. Events of watches are kept as a set of at most maxPaths paths for each watch; beyond that they become one, of the
// watch's own path, which says: look at all of it.
//
// What the daemon may do is not answer. A request waits for ever then, or until [Store.Close].
//
// # Suspending
//
// A domain that is saved and goes on has another page and port to talk by, and the daemon knows nothing of its watches.
// [Store.Reconnect] takes a new connection: requests that had no reply fail with ErrReset, transactions that were open fail
// with EAGAIN at their end, and watches are set again, which has each of them tell of its path once.
package xenbus
