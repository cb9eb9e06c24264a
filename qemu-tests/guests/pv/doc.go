// Package pv is a small kernel for paravirtual test guests: entry, traps, hypercalls, page tables, events, and
// verdicts. A guest is a Go program whose main runs tests:
//
//	func main() { pv.Main(&traps.Group, &events.Group) }
//
// It is built like the hypervisor (docs/freestanding.md): the stock toolchain, no heap, no goroutines, no package
// initialisation; then guest.ld and notes.S beside this package make a Xen PV kernel of it. The same file boots on
// Tuco and on Xen, as domain 0 or as another domain, and what it checks is meant to hold on both: what differs for a
// reason says so with [OnTuco] and stands in docs/differences.md.
//
// # Verdicts
//
// The console shows a line for each check that failed and for each test, and one at the end:
//
//	check: NAME: what was seen and what was wanted
//	test: NAME: success
//	test: NAME: skip: why
//	test: NAME: failure: the first check that failed
//	test: NAME: error: a trap or a Go panic that nobody expected
//	guest: N passed, M failed, K skipped
//
// After the last line the guest powers off. After an error it shuts down with the reason "crash" at once: the lines of
// the remaining tests and the last line are missing, which is how whoever judges the log sees a crash.
//
// # One vCPU
//
// GS base points to the vCPU's [CPU]. There is a stack for ordinary code and one for traps. A trap's frame comes
// wherever the stack pointer was (from user mode: on the trap stack); the common code saves the registers there, goes
// on with the trap stack, completes a [Frame] and calls dispatch. That gives the frame to
//
//   - the handler set by [OnTrap], which may change it; the guest goes on as the frame then says;
//   - or, from user mode, to [User.Run], which returns;
//   - or to the innermost [Catch], which returns;
//   - or reports an error and ends the guest.
//
// Every way back is the hypercall iret with a frame on the trap stack. Frames nest: an upcall during a handler goes on
// below it on the same stack.
package pv
