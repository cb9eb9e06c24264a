package machine

import (
	"tuco/kernel/domain"
	"tuco/kernel/lock"
	"tuco/kernel/mm"
	"tuco/kernel/pagetype"
)

// Budget is how many page-table entries one step of a call may look at: some
// tenths of a millisecond.
const Budget = 1024

// Begin starts an account of work on a domain's own frames.
func Begin(h *lock.Holder, d *domain.Domain, c *mm.Call) {
	c.Begin(h, &d.Memory, pagetype.Owner(d.ID), Budget)
}

// Settle does what has to follow an operation on a domain's memory: frees
// frames, flushes. True means that the operation is to be made again, at best
// after other work got its turn. No lock is held.
func Settle(h *lock.Holder, d *domain.Domain, c *mm.Call, r pagetype.Result) (again bool) {
	if r == pagetype.OK && !c.AnyFreed() {
		return false // as most operations end
	}
	return settle(h, d, c, r)
}

func settle(h *lock.Holder, d *domain.Domain, c *mm.Call, r pagetype.Result) (again bool) {
	if c.AnyFreed() {
		FreeFrames(h, c)
	}
	if r == pagetype.FlushFirst {
		Satisfy(h, d, c.Need)
	}
	return r == pagetype.FlushFirst || r == pagetype.Again
}

// FreeFrames gives back the frames that nobody uses any more.
func FreeFrames(h *lock.Holder, c *mm.Call) {
	m, owner, ok := c.NextFreed()
	for ok {
		of := owner
		n := int64(0)
		for ok && owner == of {
			FreeFrame(h, m)
			n++
			m, owner, ok = c.NextFreed()
		}
		// The frames still count as the domain's: so that is there.
		id := domain.ID(of)
		if d := Owner(id); d != nil && d.Pages.Add(-n) == 0 && Ended.Load()>>id&1 != 0 {
			Reschedule(h) // its end may go on
		}
	}
}
