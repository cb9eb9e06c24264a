// Package grant lets another domain use pages of this one, and uses pages of others.
//
// # Granting
//
// A domain's grant table is memory that it shares with the hypervisor: an entry, by its number a grant reference, says which
// domain may use which frame, and whether to write. The number goes to the other domain by some other way, in a ring or the
// store. Of an entry, version 1:
//
//	flags  uint16  permit access, read-only; the hypervisor adds: being read, being written
//	domid  uint16
//	frame  uint32
//
// The hypervisor looks at an entry at any moment. So to grant, the frame is written first, and then domain and flags by one
// atomic store. To end a grant, both are exchanged for 0 by one compare-and-swap, which fails if the hypervisor has marked the
// entry as in use: then the other domain still has the page, [Table.End] says [ErrInUse], and neither reference nor page may be
// used for anything else. A peer that never lets go keeps the page: [Table.EndLater] gives it back if it ever does.
//
// Making and ending a grant costs no hypercall. Having it mapped costs the peer two, and flushes; so front ends keep pages
// granted and copy into them: that is what a [Pool] is for.
//
// # Using
//
// [Map] and [Copy] are for back ends. Where the hypervisor does not have them they fail with ENOSYS.
package grant
