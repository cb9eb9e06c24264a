package tag

// Allocator is one CPU's tags. Only that CPU uses it.
type Allocator struct {
	generation uint64
	next, end  uint32
}

// Tag is a number that marks the TLB entries of an address space. The zero
// value is none.
type Tag struct {
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

// Void makes all tags invalid, and the next one that is given out demand a
// flush.
func (a *Allocator) Void() {
	a.generation++
	a.next = a.end
}

// valid tells whether the tag may still be used.
func (a *Allocator) valid(t Tag) bool { return t.generation == a.generation }

// give returns a tag that no entry of the TLB bears. If it says so, that holds
// only once the caller has flushed every guest's entries on this CPU.
func (a *Allocator) give() (t Tag, flushAll bool) {
	if a.next >= a.end {
		a.generation++
		a.next = 1
		flushAll = true
	}
	t = Tag{generation: a.generation, id: a.next}
	a.next++
	return t, flushAll
}
