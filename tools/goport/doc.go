// Package goport makes the stock Go toolchain build programs that are guest kernels.
//
// Such a program has the whole Go runtime, which asks an operating system for memory, threads and time by Linux' system
// calls. In a paravirtual guest's kernel the SYSCALL instruction is the hypercall, so the runtime's have to become calls of
// the library that answers them. The runtime's source is not ours to keep: its files are read from the installed GOROOT,
// rewritten below a build directory, and given to "go build -overlay".
//
// Two things about stacks change as well, because the hypervisor pushes its frames where the stack pointer is: each stack
// gets room for such a frame below its guard, as on systems without a signal stack, and the pages of a stack are mapped
// when it is allocated, because the hypervisor can't push onto one that is not there.
//
// A Go version whose files are not as expected is refused. [Check] looks at what was linked.
package goport
