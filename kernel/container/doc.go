// Package container is the one seam between the hypervisor and the processor
// vendors: a Container is what one vCPU runs in, whoever made the CPU. Each
// method is a branch on the vendor and a direct call of package svm or vmx;
// there is no interface, because an indirect call costs on every exit.
//
// # Life of a container
//
//	Probe, Start            once, on the boot CPU
//	Enable                  on every CPU
//	Init                    gives a container its control block and confinement
//	Load                    makes it the one that this CPU runs
//	Run, and after it Inject, SetCR, Decode, …   any number of times
//	Unload                  before another CPU may Load it, or its memory goes
//
// Everything but Init and Load is for the CPU that has the container loaded.
//
// # Rules of the seam
//
// Host interrupts are disabled all the time (RFLAGS.IF is clear in the
// hypervisor), yet an interrupt that arrives while the guest runs must leave
// it, with exit.Interrupt and without having been acknowledged: the exit loop
// lets it in afterwards. An NMI is the host's too.
//
// An event that an exit kept from being delivered is pending again by itself
// and goes in at the next entry, unless Inject replaces it or Cancel drops it.
// A software interrupt is not: its instruction executes again.
//
// SetCR takes what the guest is to read back, CR reads the same. Bits that
// the hardware demands besides (CR4.VMXE, CR0.NE) are the back end's affair
// and are not shown to the guest. SetEFER likewise hides SVME. Direct paging
// needs a CR3 set by the hypervisor; writes to it by the guest exit.
//
// After Run the host's FS base, task register, SYSCALL registers and so on
// are the host's again: Go code needs its g, and a crash its stacks.
//
// # State that moves lazily and state that moves eagerly
//
// Entry and exit move the general and the XMM registers, because the kernel's
// code uses them. It uses neither x87, nor MXCSR, nor the upper halves of the
// YMM registers (the build refuses VEX code), so these stay in the processor
// until the container is unloaded; Load and Unload move them at once and
// unconditionally. Nothing waits for a #NM: that is how vector state leaks.
package container
