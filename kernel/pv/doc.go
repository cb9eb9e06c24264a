// Package pv is what a paravirtual vCPU does beside running its guest's code:
// how the guest's kernel is entered and left, what becomes of exceptions and
// privileged instructions, and the part of the guest's address space that is
// the hypervisor's.
//
// # Two modes at one privilege level
//
// Guest kernel and guest user both run at CPL 3. What tells them apart is
// Stub.Kernel, and with it the root of the page tables (the user's tables do not
// map the kernel), the base of GS, and what the I/O permission bitmap allows. The base
// of GS in the other mode is in the register that SWAPGS exchanges it with.
// All exceptions leave the container, or lead to code of ours in it; so the processor
// never enters the guest's kernel by itself, and no interrupt table of a guest's exists
// in hardware.
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
// SYSCALL goes to a page of ours in the reserved area (stub.S), at CPL 0 and
// supervisor only. It begins with a VMMCALL (or VMCALL), which leaves the container, and a
// SYSRET, at which a hypercall's caller goes on without anybody having touched
// its segment registers. What was a SYSCALL of the kernel's is a hypercall;
// one of user code is handed to the kernel. Whoever finds the vCPU between the
// two instructions and wants to enter the kernel completes the SYSRET in
// software first. Since no code of a guest's ever runs at CPL 0, CPL 0 means "in that
// page"; and a VMMCALL at CPL 3 is an invalid instruction.
//
// # The stub
//
// Where the command line says stub=on, what lies behind the gate serves by itself what is frequent
// and plain: a system call of user code, iret, a page fault that is the guest's affair,
// stack_switch, fpu_taskswitch, and the version. It does what the code here does, instruction by instruction,
// with no exit; whatever is not plain it leaves to the code here, which knows every case.
// The rules that make this safe:
//
//   - Its data are a page of each vCPU's, domain.Stub, which the guest can neither read
//     nor write. Only the stub and, while the vCPU is not in its guest, the hypervisor
//     write to it.
//   - The stub reaches the guest's memory by the guest's own page tables, in which CR0.WP
//     keeps what is read-only from it as from the guest. What it must not reach although it
//     could is the reserved area: so an address that the guest has named is compared with that
//     area's before its use, and what is pushed or read there reaches no more than a frame
//     beyond, where nothing is mapped that can be written to.
//   - Any such use may fault: the tables are the guest's, and its other vCPUs change
//     them meanwhile. Until the last use, all that the stub has changed is saved registers,
//     CR3 and the mask of events, and undo takes that back, by a table of where in the code
//     the vCPU was. The change of Stub.Kernel is the point of no return: behind it stand
//     only instructions that can't fault.
//   - What the guest may change at any moment is read once, checked, and used as it was
//     read. Selectors are compared, and then loaded from constants, or are of privilege level 3
//     and name plain segments of the guest's GDT; flags are limited to those that code at CPL 3
//     may set itself.
//   - Another vCPU may change such a segment between the stub's look and its IRET. That faults
//     then, and finishReturn does what it would have done: the fault is the guest's.
//   - A page fault has a stack of its own, in domain.Stub, through the task state. One that
//     the stub causes while it tells the guest of another finds the end of that stack further
//     down.
//
// The hypervisor doesn't check what it reads from domain.Stub, but for the bounds of what
// it uses as an index. It need not: roots are written there for the stub and never read back,
// and whatever else the stub could get wrong is the mode, the registers and the stack of
// a guest's own vCPU, in a container with an address space of its own, in which nothing
// but that guest's frames and these few pages is mapped. An error in the stub is worth to
// a guest's user code its guest's kernel, as one in a processor's SYSCALL would be. It is
// worth nothing beyond that domain. There are no secrets in the pages either.
//
// # Events and the stub
//
// The stub runs with RFLAGS.IF clear: SYSCALL and an interrupt gate clear it, and nothing
// that it ends with leaves it so. In the container IF holds nothing off that is the host's; so
// an interrupt in the middle of the stub exits, wherever that is. If there is something
// to deliver then (an event, an NMI), the hypervisor asks for an exit as soon as IF is set
// (await) and lets the stub go on. So nothing has to be rewound, and no way out of the stub
// has to be guarded, but where the stub itself lets events in: iret unmasks them, then looks
// whether there is one, and leaves it to the code here if so. Whoever sends an event makes
// it pending first and interrupts the vCPU's processor then, masked or not, so that one of the two
// sees it. A hypercall that the stub serves looks, too: making any is how a guest asks for
// an event that became pending while they were masked.
//
// # The stub and the TLB
//
// Without the stub, the guest's two modes have a tag each, and a change of mode costs
// no translation. The stub changes mode by a write to CR3, which the processor does in the tag
// that it is in: it drops all translations of that tag but global ones, of which guests
// have none (package pagetype clears the bit). Both modes have the same tag then. The
// hypervisor's own changes of CR3 drop nothing by themselves, so EnterMode takes a new
// tag; and a flush that is for one mode is for both.
//
// # The reserved area
//
// Slots 256 to 271 of every root are the same for all of a domain (Space.Slots
// of package pagetype): first the machine-to-physical table, which guests may
// read, then a slot of tables that are the hypervisor's and supervisor only. See
// area.go for the picture.
package pv
