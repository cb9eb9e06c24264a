package pagetype

// The quick way to take and to give back what a mapping needs is one attempt at each
// count: no loop, and no call after which a value is needed again, so that the
// compiler keeps all in registers. What it finds in a frame's words is judged by the
// same rules as anywhere, and the words are changed by CAS from what was judged. Where
// anything is out of the ordinary (a full count, another type, a frame of others, a
// device's, another CPU that was faster) it takes nothing and says no: then the general way
// finds out what there is to it.

// quickGet takes the references that a present L1 entry needs, which is adjusted and
// names RAM that is used as what it was used before.
func (w *Work) quickGet(e PTE) bool {
	first, infos := w.frames.records.Most()
	n := uint64(e.MFN() - first)
	if n >= uint64(len(infos)) || !quick() {
		return false
	}
	i := &infos[n]
	step()
	ref := i.Ref.Load()
	// Sums that wrap: nobody's frame has a count of 0, a full count becomes 0.
	if Owner(ref>>ownerShift) != w.from || (ref+1)&refMask <= 1 {
		return false
	}
	if e&RW == 0 {
		step()
		return i.Ref.CompareAndSwap(ref, ref+1)
	}
	x := load(i)
	if x&(typeMask|changing) != Writable.word() || x.count() == maxCount || w.from != w.space.Owner {
		return false
	}
	// The reference first: it makes sure of the owner when the type is taken.
	step()
	if !i.Ref.CompareAndSwap(ref, ref+1) {
		return false
	}
	if !swap(i, x, x+1) {
		w.put(e.MFN(), i)
		return false
	}
	return true
}

// quickPut gives back what an entry that was present has taken. The entry is gone from
// the table before: see stamp.
func (w *Work) quickPut(e PTE) bool {
	first, infos := w.frames.records.Most()
	n := uint64(e.MFN() - first)
	if n >= uint64(len(infos)) || !quick() {
		return false
	}
	i := &infos[n]
	step()
	ref := i.Ref.Load()
	if ref&refMask <= 1 {
		return false
	}
	if e&RW != 0 {
		step()
		if old, now := i.Stamp.Load(), uint32(w.frames.clock.Load()); old != now {
			step()
			if !i.Stamp.CompareAndSwap(old, now) {
				return false
			}
		}
		x := load(i)
		if x.typ() != Writable || x.count() == 0 || !swap(i, x, x-1) {
			return false
		}
	}
	step()
	if !i.Ref.CompareAndSwap(ref, ref-1) {
		w.put(e.MFN(), i)
	}
	return true
}
