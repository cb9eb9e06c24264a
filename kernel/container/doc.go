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
// After Run the host's FS base, task register and so on are the host's again:
// Go code needs its g, and a crash its stacks. What the hypervisor has no use
// for may still be the guest's, for instance the SYSCALL registers and DR0 to DR3.
//
// # A guest that is not delivered to by the processor
//
// A paravirtual guest runs with direct paging, its kernel and its user code at
// privilege level 3, and gets exceptions, interrupts and system calls by hand.
// Its Setup has AllExceptions, Software and IOGuest; its interrupt table is
// empty, and SYSCALL leads to a hypercall instruction at level 0. For it there
// are, besides:
//
//   - SetSyscall for what SYSCALL does, Divert for delivering an event, CanEnter
//     for a RIP that the guest chose or has come to;
//   - two address spaces, kernel and user (UseSpace, Flush and its like), so that
//     a change between them leaves the TLB alone;
//   - FlushGuests, because a frame that leaves a type may be cached for any guest;
//   - CPL, which tells a hypercall by way of SYSCALL from one at level 3, and
//     DR6 after a #DB exit.
//
// Two rules come from what processors do differently. Privileged instructions
// at level 3 are an exception on some and an exit with their own reason on
// others (MOV DR and XSETBV on Bochs' VT-x): at CPL 3 such an exit stands for
// #GP, one for Monitor, MWait or a VirtualInstruction for #UD. And an exit for INT n, INT3, INTO or ICEBP
// leaves RIP at the instruction, whose Length may be 0 if the guest has changed
// it since: then it is run again.
//
// A guest can get itself into a state that the processor refuses. Run says
// exit.Invalid then, and VT-x has logged what it knows of the reason. The guest
// is lost (on AMD-V its registers may be the hypervisor's), but its container
// can be unloaded, and used again after an Init.
//
// # State that moves lazily and state that moves eagerly
//
// Entry and exit move the general registers and XMM0, XMM14 and XMM15, because
// the kernel's code uses them. It uses no other vector register, nor the upper
// halves of the YMM registers, nor MXCSR, nor x87: the build proves it, on the
// linked image. So these stay in the processor until the container is unloaded;
// Load and Unload move them at once and unconditionally. Nothing waits for a #NM:
// that is how vector state leaks.
//
// While a container is loaded, the hypervisor's code runs among a guest's vector
// registers. They are not in memory then: the XSAVE area is stale until Unload,
// and its XMM0, XMM14 and XMM15 never are the guest's.
package container
