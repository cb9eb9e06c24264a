package mm

import (
	"sync/atomic"

	"tuco/kernel/frame"
	"tuco/kernel/pagetype"
)

// Request is a struct mmu_update of the public header xen.h: a machine address
// with a command in its two lowest bits, and a value.
type Request struct{ Ptr, Val uint64 }

// Commands of a Request.
const (
	normal      = 0 // write Val, a page-table entry, to Ptr
	machphys    = 1 // the frame at Ptr is the guest's frame Val
	preserveAD  = 2 // as normal, and keep the accessed and dirty bits
	noTranslate = 3 // as normal: frames are machine frames here anyway

	commandMask = 3
	noCommand   = 4 // set in no command: addresses are multiples of 8
)

// Update makes the changes of an mmu_update call one after the other, till one
// can't be made. It returns how many were made, and what was wrong with the
// next. Consecutive changes of one L1 cost little beside what each entry needs.
// M2p is the machine-to-physical table.
//
// The errors: NoFrame and NotOwner for the frame that is changed or that becomes
// a table, WrongType for one in use as something else; NoMapping and NoDevice for
// a frame that can't be mapped; BadEntry; NoCommand for a Ptr whose lowest bits
// are none; BadValue for a frame beyond m2p, or for a table above L1 if the call is
// about another domain's frames; Overflow.
func (d *Domain) Update(c *Call, requests []Request, m2p []uint64) (done int, r pagetype.Result) {
	if r := d.enter(c); r != pagetype.OK {
		return 0, r
	}
	at := target{m: frame.NoMFN}
	for done < len(requests) {
		if c.Budget <= 0 {
			r = pagetype.Again
			break
		}
		c.Budget--
		q := &requests[done]
		if q.Ptr&(machphys|noCommand) != 0 {
			r = d.rare(c, &at, q, m2p)
		} else {
			if m := frame.MAddr(q.Ptr).MFN(); m != at.m {
				r = at.move(c, d, m)
			}
			if r == pagetype.OK {
				i, mode := int(q.Ptr>>3)&(pagetype.Entries-1), pagetype.Plain
				if q.Ptr&preserveAD != 0 {
					mode = pagetype.KeepAD
				}
				if at.level == pagetype.L1 {
					r = c.SetLeaf(at.table, i, pagetype.PTE(q.Val), mode)
				} else {
					r = at.set(c, i, q.Val, mode)
				}
			}
		}
		if r != pagetype.OK {
			break
		}
		done++
	}
	at.release(c)
	d.leave(c)
	return done, r
}

// rare makes a change that is not one of the commands normal and preserveAD.
//
//go:noinline
func (d *Domain) rare(c *Call, at *target, q *Request, m2p []uint64) pagetype.Result {
	m := frame.MAddr(q.Ptr).MFN()
	switch {
	case q.Ptr&noCommand != 0:
		return pagetype.NoCommand
	case q.Ptr&commandMask == machphys:
		return setM2P(c, m, q.Val, m2p)
	}
	if m != at.m {
		if r := at.move(c, d, m); r != pagetype.OK {
			return r
		}
	}
	i := int(q.Ptr>>3) & (pagetype.Entries - 1)
	if at.level == pagetype.L1 {
		return c.SetLeaf(at.table, i, pagetype.PTE(q.Val), pagetype.Plain)
	}
	return at.set(c, i, q.Val, pagetype.Plain)
}

// target is the frame that the last request was for. While the domain's lock is
// held a table needs no reference to stay one: what counts in it is counted by
// what uses it. Another frame is held.
type target struct {
	m     frame.MFN
	table *pagetype.Table
	level pagetype.Type // None for a frame that is no table
	held  bool
}

func (at *target) release(c *Call) {
	if at.held {
		c.Put(at.m)
		at.held = false
	}
}

// move makes m the target, and lets go of what was.
func (at *target) move(c *Call, d *Domain, m frame.MFN) pagetype.Result {
	at.release(c)
	return at.find(c, d, m)
}

// find makes m the first target.
func (at *target) find(c *Call, d *Domain, m frame.MFN) pagetype.Result {
	level := c.OwnTable(m)
	if level == pagetype.None {
		if r := c.TryGet(m, d.space.Owner); r != pagetype.OK {
			return r
		}
		at.held = true
	}
	at.m, at.level, at.table = m, level, d.frames.Table(m)
	return pagetype.OK
}

// set changes an entry of a table above L1, or a word of a writable frame. What a
// table's change dooms is below it, so the target stays what it is. It is torn
// down before the next request, which may want the frames; or the batch stops here.
func (at *target) set(c *Call, i int, val uint64, mode pagetype.Mode) pagetype.Result {
	if at.level == pagetype.None {
		return c.SetWord(at.m, i, val)
	}
	if c.Foreign() {
		return pagetype.BadValue // only L1s map frames of others
	}
	r := c.SetTable(at.table, at.level, i, pagetype.PTE(val), mode)
	if r == pagetype.OK && c.Drain() != pagetype.OK {
		c.Budget = 0
	}
	return r
}

// setM2P says which of the guest's frames a machine frame is.
func setM2P(c *Call, m frame.MFN, val uint64, m2p []uint64) pagetype.Result {
	if uint64(m) >= uint64(len(m2p)) {
		return pagetype.BadValue
	}
	r := c.TryGetMappable(m)
	if r == pagetype.OK {
		atomic.StoreUint64(&m2p[m], val)
		c.Put(m)
	}
	return r
}
