// Package start makes a Go program a guest: it is where the hypervisor begins, and it answers the system calls of the
// program's runtime. Linking it is all that a program has to do; "tuco build" does that.
package start
