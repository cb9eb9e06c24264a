// Package tag gives out TLB tags: AMD's address space identifiers and Intel's
// virtual processor identifiers. A tag tells one guest's TLB entries from
// another's, so that a switch between guests needs no flush; and it tells a
// guest's own two address spaces apart, so that neither does a switch between
// those.
//
// Each physical CPU has its own TLB and so its own Allocator. Tags are given
// out in turn and never taken back. When they run out a new generation begins:
// the whole TLB is flushed, every tag of an earlier generation is void, and
// its holder gets a new one before it runs again. To flush the entries of one
// address space it is enough to give it another tag.
//
// A Holder that comes to another CPU loses its tags, those on the CPU it comes
// from as well, because flushes meant for it will only reach the CPU where it
// is.
package tag
