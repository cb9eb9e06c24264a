// Package hypercall is the interface between guests and the hypervisor: the
// public Xen ABI for x86-64, as far as Tuco takes part in it. The kernel and
// the guest library share it.
//
// # Calling
//
// A hypercall has a Number, up to six arguments and one result. A guest puts
// the number in RAX and the arguments in RDI, RSI, RDX, R10, R8 and R9; the
// result comes back in RAX, and the argument registers are lost (public header
// arch-x86/xen-x86_64.h). A paravirtual guest then executes SYSCALL, a PVH guest
// VMCALL or VMMCALL; either may call the entry for its number in the hypercall
// page instead, which holds the right instruction.
//
// A negative result is an Errno with its sign changed; what other results
// mean, the call says. An argument that C declares with 32 or 16 bits is only as
// wide: what stands above is the guest's garbage. Args gives each call's
// arguments in their true width.
//
// Table has a row for each call: the one place where dispatch, traces and
// docs/hypercalls.md learn of it.
//
// # Structures
//
// Constants keep their published spelling, so that a search for one finds the
// same thing here, in a guest's source and in the public headers; only leading
// underscores are gone. Types and fields have the published name in Go's
// manner, and a type's comment says what it is in C. A tag `abi:"…"` names the
// C field where that is not plain from the Go name.
//
// A guest's pointer inside a structure is a Handle: an address in the guest's
// space together with the type of what is there. It is a number, not a Go
// pointer, so the one way to what it names is a checked copy.
//
// All padding is spelled out. A structure that the hypervisor fills for a
// guest is made from its zero value, and carries no stale bytes along.
//
// Memory that a guest and the hypervisor share says at each field who writes
// it: [guest] or [tuco]. The hypervisor reads a [guest] field once, into a
// copy, checks the copy and uses the copy. It never takes for granted that a
// [tuco] field still holds what was written there: guests can write all of
// these pages.
//
// # Source
//
// Numbers and layouts come from Xen's public headers, named at each file's
// definitions as they are in Debian's package libxen-dev. A test compiles a C
// program against those headers and compares every constant, size and offset
// in this package with it. What control_op and tuco_op have is Tuco's own: control.go,
// tuco.go and tucoring.go are its definition.
package hypercall
