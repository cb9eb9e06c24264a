package pagetype

import (
	"tuco/kernel/frame"
	"tuco/kernel/klog"
)

// Bits of a segment descriptor. APM vol. 2, "Long-Mode Segment Descriptors".
const (
	descAccessed uint64 = 1 << 40
	descMemory   uint64 = 1 << 44 // S: a code or data segment, not a system one
	descPL       uint64 = 3 << 45
	descPresent  uint64 = 1 << 47
)

// CheckDescriptor judges a descriptor that a guest wants in its tables, and
// returns it as it is to be written: for privilege level 3, where all of a guest
// runs, and with the accessed bit set, which the processor then need not write
// to a frame that it can only read. System descriptors (gates, task states,
// local tables) are refused, unless they are not present.
func CheckDescriptor(d uint64) (uint64, Result) {
	if d&descPresent == 0 {
		return d, OK
	}
	if d&descMemory == 0 {
		return d, BadEntry
	}
	return d | descPL | descAccessed, OK
}

// GetDescriptors takes a reference to a frame as a page of segment descriptors,
// which it checks if it was not one.
func (w *Work) GetDescriptors(m frame.MFN) Result {
	i := w.frames.info(m)
	if i == nil {
		return NoFrame
	}
	if r := get(i, w.space.Owner); r != OK {
		return r
	}
	r := w.enterDescriptors(m)
	if r != OK {
		w.put(m, i)
	}
	return r
}

func (w *Work) enterDescriptors(m frame.MFN) Result {
	i := w.frames.info(m)
	for {
		x := load(i)
		switch {
		case x&changing != 0:
			wait()
		case x.typ() == Descriptors && x&validated != 0:
			if x.count() == maxCount {
				return Overflow
			}
			if swap(i, x, x+1) {
				return OK
			}
		case x&doomed != 0 || x.count() != 0:
			return WrongType
		default:
			r := w.retype(i, x, Descriptors.word()|1, false)
			if r == Again {
				continue
			}
			if r != OK {
				return r
			}
			return w.checkDescriptors(m)
		}
	}
}

func (w *Work) checkDescriptors(m frame.MFN) Result {
	t, i := w.frames.Table(m), w.frames.info(m)
	w.Budget -= scanCost
	for n := range t {
		old := t[n].Load()
		d, r := CheckDescriptor(old)
		if r != OK {
			store(i, load(i)&^countMask)
			return r
		}
		if d != old {
			t[n].Store(d)
		}
	}
	store(i, load(i)|validated)
	return OK
}

// PutDescriptors gives back what GetDescriptors took. No processor has the
// frame in a descriptor table of a guest's any more.
func (w *Work) PutDescriptors(m frame.MFN) {
	i := w.frames.info(m)
	x := load(i)
	if x.typ() != Descriptors || x&validated == 0 || x.count() == 0 {
		klog.Bugf("frame %x is given back as descriptors and is of type %s", klog.X(uint64(m)), klog.S(x.typ().String()))
	}
	next := x - 1
	if next.count() == 0 {
		w.frames.stamp(i)
		next &^= validated
	}
	store(i, next)
	w.put(m, i)
}

// SetDescriptor changes descriptor n of a page that is in use for descriptors, or
// writes to one that may be writable.
func (w *Work) SetDescriptor(m frame.MFN, n int, d uint64) Result {
	if r := w.TryGet(m, w.space.Owner); r != OK {
		return r
	}
	r := OK
	i := w.frames.info(m)
	if x := load(i); x.typ() == Descriptors && x&validated != 0 {
		if d, r = CheckDescriptor(d); r == OK {
			w.frames.Table(m)[n&(Entries-1)].Store(d)
		}
	} else if r = w.getWritable(i, w.space.Owner); r == OK {
		w.frames.Table(m)[n&(Entries-1)].Store(d)
		w.putWritable(m, i)
	}
	w.put(m, i)
	return r
}
