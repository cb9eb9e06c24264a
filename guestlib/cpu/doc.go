// Package cpu is the way from a Go program into the library, and back.
//
// The program and the library both run in the guest's kernel mode. A thread of the program enters by a call that stands
// where its runtime's system calls stood, by a fault, or by an event's upcall. Each thread has a stack of the library's,
// which is empty while the program runs. The library's code is ordinary compiled Go, so while it runs, R14 and the word
// below the FS base name a g of the library's, one for each such stack, instead of the runtime's. It must not allocate,
// store pointers with a write barrier, or wait for a goroutine.
//
// In the library events are masked. It looks for them itself where it waits, and the hypervisor delivers what came in
// between when it leaves.
//
// A fault or an upcall finds its frame pushed onto the program's own stack, which has room for it (tools/goport sees to
// that) but for no more: the stub goes to the thread's stack at once.
//
// A thread that waits may go on on another vCPU. So nothing of a vCPU's is kept across that, and where events are unmasked,
// which is where a thread may be moved between any two instructions, a vCPU's data are touched by single instructions that
// are relative to GS.
package cpu
