// Package sharedinfo is the memory that a domain shares with the hypervisor as
// the hypervisor sees it: words that somebody else may change at any moment.
//
// Package hypercall has the same structures for guests, with plain fields.
// Here every field is an atomic word, since the guest runs while we write, and
// a hostile one writes what it likes where it likes. So nothing that is read
// here may be trusted: a bit tells whether to notify the guest, and never
// decides about memory or state of the hypervisor's own. What goes wrong by
// the guest's scribbling goes wrong for the guest.
//
// Layouts are those of public headers xen.h and arch-x86/xen.h; the tests
// compare them with package hypercall field by field.
package sharedinfo
