package pagetype

import "tuco/kernel/frame"

// QuickTable is GetTable for one that is validated. The caller has the domain's lock.
func (w *Work) QuickTable(m frame.MFN, level Type) bool {
	first, infos := w.frames.records.Most()
	n := uint64(m - first)
	if n >= uint64(len(infos)) || !quick() {
		return false
	}
	i := &infos[n]
	step()
	ref := i.Ref.Load()
	if Owner(ref>>ownerShift) != w.space.Owner || (ref+1)&refMask <= 1 {
		return false
	}
	x := load(i)
	if x&(typeMask|validated|changing) != level.word()|validated || x.count() == maxCount {
		return false
	}
	step()
	if !i.Ref.CompareAndSwap(ref, ref+1) {
		return false
	}
	store(i, x+1) // it is a table: nobody else changes the word
	return true
}
