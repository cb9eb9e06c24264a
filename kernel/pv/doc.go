// Package pv is what a paravirtual vCPU does beside running its guest's code:
// how the guest's kernel is entered and left, what becomes of exceptions and
// privileged instructions, and the part of the guest's address space that is
// the hypervisor's.
//
// # Two modes at one privilege level
//
// Guest kernel and guest user both run at CPL 3. What tells them apart is
// PV.Kernel, and with it the root of the page tables (the user's tables do not
// map the kernel), the base of GS, and what the I/O permission bitmap allows.
// All exceptions leave the container; so the processor never enters the guest's
// kernel by itself, and no interrupt table of a guest's exists in hardware.
//
// # Ways into the guest's kernel
//
// An exception, an event, a system call of user code: each writes a frame on
// the kernel's stack and goes on at the handler that the guest has named
// (bounce.go). The way back is the hypercall iret. Public headers
// arch-x86/xen-x86_64.h and arch-x86/xen.h.
//
// # The gate
//
// SYSCALL goes to a page of two instructions in the reserved area, at CPL 0 and
// supervisor only: a VMMCALL (or VMCALL), which leaves the container, and a
// SYSRET, at which a hypercall's caller goes on without anybody having touched
// its segment registers. What was a SYSCALL of the kernel's is a hypercall;
// one of user code is handed to the kernel. Whoever finds the vCPU between the
// two instructions and wants to enter the kernel completes the SYSRET in
// software first. Since nothing else ever runs at CPL 0, CPL 0 means "at the
// gate"; and a VMMCALL at CPL 3 is an invalid instruction.
//
// # The reserved area
//
// Slots 256 to 271 of every root are the same for all of a domain (Space.Slots
// of package pagetype): first the machine-to-physical table, which guests may
// read, then a slot of tables that are the hypervisor's and supervisor only. See
// area.go for the picture.
package pv
