// Package sockets answers Linux' system calls of sockets with a TCP/IP stack in the guest itself, gVisor's netstack: so
// net.Dial, net.Listen and net/http work in a guest, as they are.
//
// It is ordinary Go, above the library that answers the runtime's own system calls: package syscall asks it first, on the
// goroutine that makes the call, and it may allocate and block. A call that is not of a socket it leaves alone.
//
// A [Table] has a description for each descriptor; several descriptors may have the same one (dup). Behind a description is
// a socket of one of three kinds: an endpoint of netstack (AF_INET, AF_INET6), one in memory (AF_UNIX), or the list of
// interfaces (AF_NETLINK). Sockets never block: they answer EAGAIN, and tell their description when something has changed. The
// description passes that on to the descriptor, where the runtime's poller waits, and to the goroutines that wait in
// calls of descriptors that are not O_NONBLOCK.
//
// The stack is made by the first call that needs it. Without an interface ([Table.Attach]) it has the loopback only. With
// nothing open it sets no timer.
//
// Locks, from the outside in: a table's, a description's; sockets' own locks and netstack's are taken with neither held, and
// both may be held when netstack reports a change, which takes the description's.
package sockets
