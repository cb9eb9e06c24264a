// Package grant lets domains use each other's frames: what a domain grants (Table),
// and what it has mapped of others' grants (Mappings).
//
// A grant is an entry in memory of the granter's: a frame, for a domain, to be read
// or written. Whoever uses it pins it: then the granter sees that it is in use, and
// can't take it back. A mapping keeps its pin and has a handle, a number by
// which the domain that has mapped ends it.
//
// # The entry and the guest
//
// The granter writes entries with no hypercall, at any time (hypercall.GrantEntryV1).
// Flags and domain are one word. A pin is a compare-and-swap of that word
// which sets GTF_reading, and GTF_writing if it is for that, over just the flags
// and the domain that were checked; the granter ends a grant by a compare-and-swap
// that fails where one of these is set. So one of the two is first. The frame is
// read after the swap: the granter wrote it before it wrote the flags, and may
// not change it while the entry is marked. Whether it keeps to that is its affair:
// what counts from then on is the copy in the use's record, and nothing is ever read
// again from the entry of a grant that is in use.
//
// A granter that never leaves an entry alone makes the swap fail, some times; then the
// pin is refused.
//
// # What a use holds
//
// The first pin of an entry takes a reference to its frame, which has to be the
// granter's; the last gives it back. While it lasts the frame has its owner,
// and the owner's record is there however long it is dead, since that has frames
// left (see package create). So a handle never leads to another domain that
// has got the number.
//
// Each page-table entry that maps a grant has references of its own like
// every other, to the frame and, if it can be written to, to its type. A guest may
// overwrite the entry by mmu_update, or free the table: that gives these back
// and touches nothing here. The handle stays, with its pin, and can't be ended any
// more, since the entry is not what it was; it is ended with the domain. So a
// hostile user can keep a frame of the granter's from being granted to others
// and from being freed, as it could by keeping it mapped. A hostile granter can
// neither take a mapped frame away nor make a page table of it.
//
// # The order of an end
//
// The granter believes that nobody writes to its frame once the mark is gone. So a
// mapping ends in this order: the handle is taken, so that nobody else ends it; the
// page-table entry is cleared; all vCPUs that may have a translation of it are
// flushed; the pin is given back, which takes the mark away; the handle is free.
// The flush waits for other CPUs, so it is between two calls of this package, and
// one is enough for many mappings.
//
// # The end of a domain
//
// A granter's table is closed: what pins are given back from then on are not marked
// in entries that may be somebody else's memory by now, and nobody gets a new one.
// The frames that are pinned stay until the last pin. A user's mappings are ended
// some at a time, after its page tables, when none of its vCPUs runs any more.
//
// # Who may touch what
//
//	a Table's lock (lock.Grants)       records of uses, and the marks in its entries
//	a Mappings' lock (lock.Grants)     the list of free handles
//
// Nobody holds two of them, nor takes a lock while it holds one: references are
// atomic words of package pagetype. A handle that is not free belongs to whom its
// word says: nobody, or, if it is busy, the CPU that made it so by compare-and-swap; whoever
// else wants to end it makes its call again.
//
// Pages for records are added and never taken away while the domain exists, so they
// are found with no lock. Both kinds have a bound: so many entries a domain may have, so
// many handles.
package grant
