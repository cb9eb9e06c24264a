package vmx

import (
	"tuco/kernel/exit"
	"tuco/kernel/frame"
)

// UseSpace selects the address space of the next entry.
func (g *Guest) UseSpace(s exit.Space) {
	g.space = s
	g.retag()
}

// Flush gives the guest tags that nothing is cached under. What is cached of
// nested tables stands under the tables' address instead and goes at once.
//
// SDM vol. 3, "Creating and Using Cached Translation Information".
func (g *Guest) Flush() {
	g.tags.Drop(exit.KernelSpace)
	g.tags.Drop(exit.UserSpace)
	g.retag()
	if g.setup.Paging == exit.Nested {
		flushEPT(eptPointer(g.setup.Root))
	}
}

// FlushSpace gives one address space another tag.
func (g *Guest) FlushSpace(s exit.Space) {
	g.tags.Drop(s)
	g.retag()
}

// FlushPage drops what is cached of one page, or of everything where the CPU
// can't do less.
func (g *Guest) FlushPage(a frame.VAddr) {
	if !caps.Has(FeatureVPID) {
		return // an entry flushes
	}
	if caps.eptVPID&invVPIDAddress == 0 {
		g.Flush()
		return
	}
	if !a.Canonical() {
		return // the instruction would fail, and there is no such page
	}
	for s := range exit.Spaces {
		if id, ok := g.tags.Held(s); ok {
			d := descriptor{id: uint64(id), address: uint64(a)}
			must(invvpid(invVPIDPage, &d), "INVVPID")
		}
	}
}

// FlushGuests drops what this CPU caches of guests.
func FlushGuests(id int) {
	c := &cpus[id]
	c.tags.Void()
	if caps.Has(FeatureEPT) {
		flushEPTs()
	}
	if c.current != nil {
		c.current.retag()
	}
}

// retag sees to it that the next entry is made with the right tag.
func (g *Guest) retag() {
	if !caps.Has(FeatureVPID) {
		return
	}
	id, flushAll := g.tags.Use(g.space)
	if flushAll {
		flushTags()
	}
	if g.vpid != id {
		g.vpid = id
		put(CtlVPID, uint64(id))
	}
}
