// Package pvbuild lays out and fills the memory of a new paravirtual domain, as Xen
// does: the kernel finds itself, and all it has to know, in one
// contiguous region of virtual addresses that its first page tables map.
//
// # The region
//
// From VIRT_BASE on, in this order, each part page-aligned and right behind
// the one before (public header xen.h, "Start-of-day memory layout"):
//
//	the kernel, at the distances that its segments have
//	the ramdisk               unless MOD_START_PFN allows it to be elsewhere
//	the p2m                   unless INIT_P2M wants it elsewhere
//	start_info                RSI
//	the store's page          not for domain 0
//	the console's page        not for domain 0
//	the page tables           CR3; the L4, then the L3s, the L2s, the L1s
//	the stack                 RSP is its end
//	at least 512 KiB, up to a multiple of 4 MiB
//
// The region's pages are the domain's first ones: the n-th page of it is PFN n. A ramdisk
// that is elsewhere has the PFNs behind the region and no virtual address; a
// p2m that is elsewhere has those behind that, followed by what page tables it
// needs besides the region's, which are not mapped themselves.
//
// All is mapped writable, the kernel's text too, but for the page tables:
// those can only be read, or they would not validate.
//
// # In two steps
//
// Lay decides from the kernel and the domain's figures where everything goes, and finds whatever
// is wrong. Build writes it, to frames that are all zero, and can't fail. The
// frames are named by machine frame numbers of any order; which they are
// matters to the p2m and the page tables only. Neither step keeps a
// reference to anything.
//
// Machine-to-physical entries, the shared page and the vCPU's state are the caller's.
package pvbuild
