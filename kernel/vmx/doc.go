// Package vmx is the Intel side of the seam in package container: VT-x.
//
// A guest's state is in a VMCS, a page whose layout is the CPU's secret and
// whose fields are reached by VMREAD and VMWRITE, one at a time. From that
// follows the shape of this package:
//
//   - A VMCS belongs to the CPU that has loaded it, part of it may be in that
//     CPU and nowhere else. Load makes it current, Unload writes it back with
//     VMCLEAR; nothing but Init is done to a guest that is not loaded.
//   - What the processor does not switch is switched here: the general and XMM
//     registers and CR2 at each entry and exit, because the hypervisor changes
//     them, the registers behind SYSCALL and SWAPGS at Load and Unload, because
//     it never uses them.
//   - RIP and the interruptibility are read at every exit and RIP is written at
//     every entry, in the entry code. All else is read when somebody asks.
//   - An exit loads the host's state from fields that are written when a VMCS
//     comes to a CPU. Its FS base is that CPU's thread-local storage, so that Go
//     code runs right after an exit.
//   - An exit for an interrupt does not acknowledge it (the interrupt is taken
//     in the exit loop's window), but an exit for an NMI or machine check has
//     consumed it, and the host's handler is called by hand.
//
// Each word of controls is a wish, adjusted to what capability registers allow
// or insist on. What the back end can't do without is in one table, and a CPU
// that lacks something is told by the name of what it lacks.
//
// Linear mappings are cached under a VPID where the CPU has them, and a flush is
// a new VPID; mappings of nested paging are cached under the table's address,
// and a flush drops them at once. Without VPIDs each entry and exit flushes.
//
// An entry that the CPU refuses is our bug or a guest state that should have
// been checked before. The CPU does not say which of some hundred rules was
// broken; check.go tries the usual ones, and the log gets the state.
//
// Sources: Intel 64 and IA-32 Architectures Software Developer's Manual, volume
// 3, the chapters on VMX, and its appendices on capabilities, fields and exit
// reasons. The comments cite section titles.
package vmx
