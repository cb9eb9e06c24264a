package tag

import "tuco/kernel/exit"

// Holder is the tags of one guest on the CPU where it is. The zero value has none.
type Holder struct {
	cpu  *Allocator
	tags [exit.Spaces]Tag
}

// Attach brings the holder to the CPU with these tags, and tells whether it was
// elsewhere. If not it keeps its own.
func (h *Holder) Attach(a *Allocator) (moved bool) {
	if h.cpu == a {
		return false
	}
	*h = Holder{cpu: a}
	return true
}

// Use is the tag to enter the address space with: the one that it has, or
// another. If flushAll is true, every guest's entries on this CPU are to be
// flushed before any guest runs.
func (h *Holder) Use(s exit.Space) (id uint32, flushAll bool) {
	t := &h.tags[s%exit.Spaces]
	if !h.cpu.valid(*t) {
		*t, flushAll = h.cpu.give()
	}
	return t.id, flushAll
}

// Held is the tag of the address space, if there may be entries that bear it.
func (h *Holder) Held(s exit.Space) (id uint32, ok bool) {
	t := h.tags[s%exit.Spaces]
	return t.id, h.cpu.valid(t)
}

// Drop takes the tag from the address space, so that its entries are not used
// again.
func (h *Holder) Drop(s exit.Space) { h.tags[s%exit.Spaces] = Tag{} }
