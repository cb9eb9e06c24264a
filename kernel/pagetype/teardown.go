package pagetype

import (
	"tuco/kernel/frame"
	"tuco/kernel/klog"
	"tuco/kernel/pmm"
)

// PutTable gives back a reference to a table. With the last one the table is
// doomed.
func (w *Work) PutTable(m frame.MFN) {
	i := w.frames.info(m)
	x := load(i)
	if !x.typ().table() || x&validated == 0 || x.count() == 0 {
		klog.Bugf("frame %x is given back as a table and is of type %s", klog.X(uint64(m)), klog.S(x.typ().String()))
	}
	if x.count() == 1 {
		if x&pinned != 0 {
			klog.Bugf("table %x is pinned, and its last reference is given back", klog.X(uint64(m)))
		}
		w.doom(m) // Part is Entries
		return
	}
	store(i, x-1)
	w.put(m, i)
}

// doom puts a table on the list of those whose entries are to be given back,
// up to entry Part. The reference that came with its last count stays with it.
func (w *Work) doom(m frame.MFN) {
	i := w.frames.info(m)
	x := load(i)
	store(i, x&(typeMask|shared)|doomed|word(w.space.doomed))
	w.space.doomed = uint32(m)
}

// Doomed tells whether there is anything to do for Drain.
func (w *Work) Doomed() bool { return w.space.doomed != nolink }

// Drain gives back the entries of all doomed tables. It returns Again if the
// budget is used up before. Nobody may look at a domain's types while
// it has doomed tables, so every call of the domain's begins with this.
//
// A table found without references on the way joins the list: no recursion,
// and the stack does not grow with what a guest builds.
func (w *Work) Drain() Result {
	if w.Doomed() {
		return w.drain()
	}
	return OK
}

func (w *Work) drain() Result {
	s := w.space
	for s.doomed != nolink {
		m := frame.MFN(s.doomed)
		i := w.frames.info(m)
		x := load(i)
		s.doomed = uint32(x.count())
		if !w.empty(m, i, x.typ()) {
			w.doom(m)
			return Again
		}
		w.Budget -= scanCost
		w.frames.stamp(i)
		store(i, x&(typeMask|shared))
		w.put(m, i)
	}
	return OK
}

// empty gives back the entries of a table below Part, the highest first. It is
// false if the budget did not suffice.
func (w *Work) empty(m frame.MFN, i *pmm.Info, level Type) bool {
	t := w.frames.Table(m)
	for i.Part > 0 {
		n := t.skipDown(int(i.Part)) - 1
		if n < 0 {
			i.Part = 0
			break
		}
		e := PTE(t[n&(Entries-1)].Load())
		if ours(level, n) {
			t[n&(Entries-1)].Store(0)
			e = 0
		}
		if e&Present != 0 && w.Budget <= 0 {
			return false
		}
		i.Part = uint16(n)
		if e&Present == 0 {
			continue
		}
		w.Budget--
		if level != L1 {
			w.PutTable(e.MFN())
		} else if !w.quickPut(e) {
			w.putLeaf(e)
		}
	}
	return true
}
