// Package ptab builds the hypervisor's own address space: four-level page tables
// with pages of 4 KiB, 2 MiB and 1 GiB.
//
// # Rules that it keeps
//
//   - No page is both writable and executable; a request for one is refused.
//     Audit checks a finished tree for it, whoever built it, and also that no
//     frame which is executable through one address is writable through another.
//   - A mapping is never overwritten: map only what is not mapped, unmap and
//     protect only what is. An operation on a range is checked as a whole first,
//     and either happens as a whole or changes no translation.
//   - No page is for user mode. Guests live in hardware containers, on tables of
//     their own, and nothing outside the hypervisor uses these.
//   - A table that was linked in stays. Freeing an empty one would need a flush
//     on all CPUs first, because processors cache upper entries as well as
//     translations, and the address space is reused in place anyway.
//
// # What the caller owes
//
// Tables are changed by one CPU at a time: the kernel holds its host map lock.
// After Unmap and Protect, other translations may still be cached: the caller flushes the
// range on all CPUs (global pages too) before it relies on the change. Map needs
// no flush, since processors do not cache the absence of a translation.
//
// Accessed and dirty bits are preset, so that the processor never writes to a table.
//
// Tables are reached through Memory, an accessor: the direct map in the kernel, an
// array in a test.
//
// Source: Intel SDM, volume 3, "4-Level Paging and 5-Level Paging" and "Caching
// Translation Information"; AMD APM, volume 2, "Page Translation and Protection".
package ptab
