package pagetype

import (
	"tuco/kernel/frame"
	"tuco/kernel/klog"
	"tuco/kernel/pmm"
)

// What a table costs against the budget beside its present entries: a look
// at 512.
const scanCost = 8

// descend is what this file's functions return when a lower table has to be
// validated first. Callers outside never see it.
const descend Result = 255

// GetTable takes a reference to a frame as a table of this level, which it
// validates, with all tables below, if it is not yet. Again and FlushFirst leave
// what was done on record in the frames; a later call for the same frame, or
// for any table above or below it, goes on from there. After any other failure the tables
// that were under way are doomed: see Drain.
func (w *Work) GetTable(m frame.MFN, level Type) Result {
	r := w.enter(m, level)
	if r != descend {
		return r
	}
	var above [8]frame.MFN // by level: the tables that wait for one below
	at := level
	for {
		child, r := w.validate(m, at)
		switch r {
		case OK:
			i := w.frames.info(m)
			store(i, load(i)&^partial|validated)
			if at == level {
				return OK
			}
			// The count with which the table was validated becomes that of
			// the entry above it.
			at++
			m = above[at&7]
			w.frames.info(m).Part++
		case descend:
			above[at&7] = m
			at--
			m = child
		case Again, FlushFirst:
			return r
		default:
			for w.doom(m); at < level; w.doom(m) {
				at++
				m = above[at&7]
			}
			return r
		}
	}
}

// enter takes a reference to a table that is validated (OK), or begins or
// resumes its validation (descend).
func (w *Work) enter(m frame.MFN, level Type) Result {
	i := w.frames.info(m)
	if i == nil {
		return NoFrame
	}
	if r := get(i, w.space.Owner); r != OK {
		return r
	}
	r := w.enterType(i, level)
	if r != OK && r != descend {
		w.put(m, i)
	}
	return r
}

func (w *Work) enterType(i *pmm.Info, level Type) Result {
	for {
		x := load(i)
		switch {
		case x&changing != 0:
			wait()
		case x.typ() == level && x&validated != 0:
			if x.count() == maxCount {
				return Overflow
			}
			if swap(i, x, x+1) {
				return OK
			}
		case x.typ() == level && x&partial != 0:
			// It has a count and a reference of its own: ours is one too many.
			w.drop(i)
			return descend
		case x&doomed != 0 || x.count() != 0:
			return WrongType
		default:
			r := w.retype(i, x, level.word()|partial|1, false)
			if r == Again {
				continue
			}
			if r == OK {
				i.Part = 0
				w.Budget -= scanCost
				return descend
			}
			return r
		}
	}
}

// drop gives back a reference that is not the last.
func (w *Work) drop(i *pmm.Info) {
	for {
		step()
		x := i.Ref.Load()
		if x&refMask <= 1 {
			klog.Bug("the last reference to a table is given back while it is validated")
		}
		step()
		if i.Ref.CompareAndSwap(x, x-1) {
			return
		}
	}
}

// validate goes on with a partial table from entry Part, until all entries
// are counted, or one needs a lower table first, which it returns.
func (w *Work) validate(m frame.MFN, level Type) (child frame.MFN, r Result) {
	t, i := w.frames.Table(m), w.frames.info(m)
	if level == L1 {
		// What was in a table before it became one maps the domain's own frames, whatever
		// the call's entries may.
		from := w.from
		w.from = w.space.Owner
		r = w.validateL1(t, i)
		w.from = from
		return 0, r
	}
	for n := int(i.Part); n < Entries; n++ {
		if level != L4 { // whose empty entries get ours
			if n = t.skip(n); n == Entries {
				break
			}
		}
		old := PTE(t[n].Load())
		i.Part = uint16(n)
		if ours(level, n) {
			t[n].Store(uint64(w.space.Slots[n-FirstSlot]))
			continue
		}
		if old&Present == 0 {
			if !w.space.harmless(old) {
				return 0, BadEntry
			}
			continue
		}
		if w.Budget <= 0 {
			return 0, Again
		}
		w.Budget--
		if old&tableRefused != 0 {
			return 0, BadEntry
		}
		t[n].Store(uint64(old | User))
		if r := w.enter(old.MFN(), level-1); r != OK {
			return old.MFN(), r
		}
	}
	i.Part = Entries
	return 0, OK
}

// validateL1 is validate for an L1.
func (w *Work) validateL1(t *Table, i *pmm.Info) Result {
	for n := int(i.Part); n < Entries; n++ {
		old := PTE(t[n].Load())
		if old == 0 {
			if n = t.skip(n); n == Entries {
				break
			}
			old = PTE(t[n].Load())
		}
		i.Part = uint16(n)
		if old&Present == 0 {
			if !w.space.harmless(old) {
				return BadEntry
			}
			continue
		}
		if w.Budget <= 0 {
			return Again
		}
		w.Budget--
		e := adjustLeaf(old)
		if e&leafRefused == 0 && w.quickGet(e) {
			e &^= cacheBits
		} else {
			var r Result
			if e, r = w.getLeaf(old); r != OK {
				return r
			}
		}
		if e != old {
			t[n].Store(uint64(e))
		}
	}
	i.Part = Entries
	return OK
}
