// Package calls is the hypercalls of paravirtual domains: a handler for each,
// by which its arguments are taken from the guest, checked, and given to the
// package that does the work; and a result made of what that says.
//
// # Rules of a handler
//
//   - What it takes from guest memory it copies once, and checks the copy.
//   - It reaches guest memory through View, which is the guest's own, so no
//     address of the hypervisor's can be named.
//   - It holds no lock while it copies, since a copy's walk is good only until
//     the CPU next waits for a lock (see package guestmem).
//   - What takes more than some tenths of a millisecond stops at a budget and
//     returns domain.Continue; v.Progress says how far it came. The handler is
//     called again with the same arguments, when other work got its turn.
//   - A refused call changes nothing, but for what its result says is done.
//
// Each handler's comment names the errors that it gives; the table in package
// hypercall says the same to guests, and a test compares the two lists of calls.
package calls
