package pagetype

import (
	"tuco/kernel/frame"
	"tuco/kernel/klog"
	"tuco/kernel/pmm"
)

// GetWritable takes a reference to a frame of this owner, as writable.
// It needs no lock.
func (w *Work) GetWritable(m frame.MFN, o Owner) Result {
	i := w.frames.info(m)
	if i == nil {
		return NoFrame
	}
	if r := get(i, o); r != OK {
		return r
	}
	r := w.getWritable(i, o)
	if r != OK {
		w.put(m, i)
	}
	return r
}

// PutWritable gives back what GetWritable took. The mapping, if it was for one, is
// gone from the page table by now.
func (w *Work) PutWritable(m frame.MFN) {
	i := w.frames.info(m)
	w.putWritable(m, i)
	w.put(m, i)
}

// getWritable takes a type reference. The caller has a reference.
func (w *Work) getWritable(i *pmm.Info, o Owner) Result {
	flag := word(0)
	if o != w.space.Owner {
		flag = shared
	}
	for {
		x := load(i)
		switch {
		case x&(typeMask|changing) == Writable.word():
			if x.count() == maxCount {
				return Overflow
			}
			if swap(i, x, (x+1)|flag) {
				return OK
			}
		case x&changing != 0:
			wait()
		case x&(doomed|countMask) != 0:
			return WrongType
		default:
			if r := w.retype(i, x, Writable.word()|flag|1, flag != 0); r != Again {
				return r
			}
		}
	}
}

func (w *Work) putWritable(m frame.MFN, i *pmm.Info) {
	// Each that ends is stamped, not just the last: between a stamp and the
	// count's fall to zero, others may come and go.
	w.frames.stamp(i)
	for {
		x := load(i)
		if x.typ() != Writable || x.count() == 0 {
			klog.Bugf("frame %x is given back as writable and is of type %s", klog.X(uint64(m)), klog.S(x.typ().String()))
		}
		if swap(i, x, x-1) {
			return
		}
	}
}

// retype changes the type of a frame whose count is zero: x is the word that
// was read, to what it becomes. It returns Again if the word is not x any
// more. If a flush is due, the word stays as it was.
//
// While the CPU makes up its mind nobody can take the frame as either type, so
// the stamp that it reads is the last one.
func (w *Work) retype(i *pmm.Info, x, to word, everyone bool) Result {
	if x.typ() == None || x.typ() == to.typ() {
		if !swap(i, x, to|x&shared) {
			return Again
		}
		return OK
	}
	if !swap(i, x, x|changing) {
		return Again
	}
	if w.due(i, everyone || x&shared != 0) {
		store(i, x)
		return FlushFirst
	}
	store(i, to)
	return OK
}

// wait is a turn of a loop that waits for a CPU which is changing a type. That
// takes it some tens of instructions, in which it waits for nobody.
func wait() { step() }

// SetWord writes to word n of a frame that the caller has a reference to, if the
// frame may be writable.
func (w *Work) SetWord(m frame.MFN, n int, val uint64) Result {
	i := w.frames.info(m)
	r := w.getWritable(i, w.space.Owner)
	if r == OK {
		w.frames.Table(m)[n&(Entries-1)].Store(val)
		w.putWritable(m, i)
	}
	return r
}
