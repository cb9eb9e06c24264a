// Package guestmem reaches the memory of a paravirtual guest by the guest's
// own addresses: it walks the guest's page tables as the processor would, and
// copies to and from the frames that it finds.
//
// # How long a walk holds
//
// A walk takes no lock and no reference, so another vCPU may change the tables
// right behind it, and give the frame back. What keeps the frame from being
// used as anything else meanwhile is the rule that protects a processor's TLB:
// before a frame changes its type or its owner, every CPU that may hold a
// translation of it answers a flush request, after it has left its guest. The
// hypervisor answers such requests at known points only (while it waits for a
// lock, and where it lets interrupts in), and between a walk and the copy there
// is none. So the walk's result is as good as a TLB entry, and this package is
// as right as the flushes are. Who keeps a result for longer looks whether the CPU's
// lock.Holder counts the same Flushes as before the walk.
//
// For that reason only memory of the vCPU that is on this CPU can be reached:
// its CPU is one of those that are asked. And what is handed to the copying
// functions is memory of the hypervisor's, which needs no lock.
//
// For the same reason a walk can be spared where its result is still as good: a View has a
// cache of pages that were used, which forgets a page when its translation is flushed,
// and all when all are (lock.Holder.Flushes counts it), when the root becomes another, or the vCPU comes to a CPU. What is true of
// a TLB is true of it: a guest that changes an entry and does not flush may still be
// served at the old page.
//
// # What is refused
//
// Addresses of the reserved area and such as are not canonical; pages without
// the right that the access needs, at any level; and frames that are no
// domain's RAM, such as devices' registers. Guest kernel and user have tables
// of their own, so a View of the user's root reaches what user mode may.
package guestmem
