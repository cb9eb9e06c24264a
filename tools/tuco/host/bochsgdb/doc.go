// Package bochsgdb lets gdb debug a machine in Debian's Bochs, which is built with a debugger of its own and without
// gdb's remote protocol. A [Server] speaks that protocol (gdb's manual, appendix "GDB Remote Serial Protocol") on one
// side and types Bochs's debugger commands on the other.
//
// Each CPU is a thread, numbered from 1. Registers are the sixteen general ones, rip and eflags: gdb takes a short
// reply to mean that it can't know the others. Bochs can't write guest memory by linear address, so gdb can't either;
// breakpoints, which Bochs keeps by itself, need no write.
package bochsgdb
