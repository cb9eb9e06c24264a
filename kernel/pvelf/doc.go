// Package pvelf reads the kernel of a paravirtual domain: an ELF file whose
// Xen notes say how it wants to be started. Package pvbuild builds the domain.
//
// # Addresses
//
// A domain's memory appears to its kernel twice: as pseudo-physical memory, which begins
// at 0 and has no holes, and in the first page tables, which show its beginning
// in one piece at the virtual address VIRT_BASE. An ELF segment has both, and
// Xen goes by the physical one (the virtual one of Linux's per-CPU segment, say, is 0):
//
//	pseudo-physical address = p_paddr − PADDR_OFFSET
//	virtual address         = p_paddr − PADDR_OFFSET + VIRT_BASE
//
// Both notes are 0 by default. ENTRY, HYPERCALL_PAGE and INIT_P2M are
// virtual addresses. Public header elfnote.h.
//
// # What is trusted
//
// Nothing. The file is whatever a user found: each offset, size and sum is checked
// before it is used, loops are bounded, and the first thing that is wrong ends the
// reading, with an Error that says what to do. Everything stays where it is: segments and texts are
// slices of the file.
package pvelf
