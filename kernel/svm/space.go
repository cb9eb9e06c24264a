package svm

import (
	"tuco/kernel/exit"
	"tuco/kernel/frame"
)

// UseSpace selects the address space of the next entry.
func (g *Guest) UseSpace(s exit.Space) {
	g.space = s
	g.retag()
}

// ChangeSpace is SetCR3 and UseSpace in one for an address space that has a tag. False: it has none.
func (g *Guest) ChangeSpace(cr3 uint64, s exit.Space) bool {
	id, ok := g.tags.Held(s)
	if ok {
		g.space = s
		v := g.vmcb
		v.save.cr3, v.control.asid = cr3, id
		v.control.clean &^= cleanCR | cleanASID
	}
	return ok
}

// Flush lets no TLB entry of the guest survive the next entry. It gets other
// ASIDs, whether or not the CPU could flush one: that flush is only done at the
// entry, and would have to wait for one with the right address space.
func (g *Guest) Flush() {
	g.tags.Drop(exit.KernelSpace)
	g.tags.Drop(exit.UserSpace)
	g.retag()
}

// FlushSpace does so for one address space.
func (g *Guest) FlushSpace(s exit.Space) {
	g.tags.Drop(s)
	g.retag()
}

// FlushPage drops the TLB entries of one page.
func (g *Guest) FlushPage(a frame.VAddr) {
	for s := range exit.Spaces {
		if id, ok := g.tags.Held(s); ok {
			invlpga(a, id)
		}
	}
}

// FlushGuests lets no guest's TLB entry on this CPU survive.
func FlushGuests(id int) {
	c := &cpus[id]
	c.tags.Void()
	if c.current != nil {
		c.current.retag()
	}
}

// retag sees to it that the next entry is made with the right ASID.
func (g *Guest) retag() {
	id, flushAll := g.tags.Use(g.space)
	c := &g.vmcb.control
	if flushAll {
		c.tlbControl = tlbFlushAll
	}
	if c.asid != id {
		c.asid = id
		c.clean &^= cleanASID
	}
}

// invlpga drops what the CPU has of the page under an ASID.
func invlpga(a frame.VAddr, asid uint32)
