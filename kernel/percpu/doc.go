// Package percpu is what each CPU has of its own: a number, stacks, descriptor
// tables, and the two words that make compiled Go code run.
//
// Go code expects R14 and the word below FS base to hold its g, of which it
// looks at one field: the limit that a function's prologue compares the stack
// pointer with. The kernel has no goroutines, so a g is bound to a stack, not
// to a thread: each CPU has one g and one TLS block a stack. Whoever switches
// stacks switches both. GS is not used.
//
// A stack lies in a slot whose address tells CPU and kind (see layout), so a
// stack pointer answers "which CPU is this?" with no register reserved for it.
// Only the boot CPU's first stack lies elsewhere, in the image; any address
// outside the slots therefore means CPU 0.
package percpu
