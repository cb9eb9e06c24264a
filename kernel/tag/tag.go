// Package tag gives out TLB tags: AMD's address space identifiers and Intel's
// virtual processor identifiers. A tag tells one guest's TLB entries from
// another's, so that a switch between guests needs no flush.
//
// Each physical CPU has its own TLB and so its own Allocator. Tags are given
// out in turn and never taken back. When they run out a new generation begins:
// the whole TLB is flushed, every tag of an earlier generation is void, and
// its holder gets a new one before it runs again. To flush one holder's
// entries it is enough to give it another tag.
//
// A holder that ran on another CPU in between gets a new tag when it comes
// back, because flushes meant for it have only reached the CPU where it was.
package tag

// Allocator is one CPU's tags. Only that CPU uses it.
type Allocator struct {
	generation uint64
	next, end  uint32
}

// Tag is a holder's tag on the CPU where it last ran. The zero value is none.
type Tag struct {
	owner      *Allocator
	generation uint64
	id         uint32
}

// Start makes the tags 1 to count-1 available; 0 is the host's. The TLB is
// taken to hold nothing of any guest.
func (a *Allocator) Start(count uint32) {
	a.generation = 1
	a.next = 1
	a.end = count
}

// ID is the number that the hardware takes.
func (t *Tag) ID() uint32 { return t.id }

// Valid tells whether the tag may still be used on the allocator's CPU.
func (a *Allocator) Valid(t *Tag) bool { return t.owner == a && t.generation == a.generation }

// Renew gives t a tag that no entry of the TLB bears. If it says so, that
// holds only once the caller has flushed every guest's entries on this CPU.
func (a *Allocator) Renew(t *Tag) (flushAll bool) {
	if a.next >= a.end {
		a.generation++
		a.next = 1
		flushAll = true
	}
	*t = Tag{owner: a, generation: a.generation, id: a.next}
	a.next++
	return flushAll
}
