package pagetype

// SetTable changes entry i of a validated table of level L2, L3 or L4. The
// order is that of SetLeaf. The old entry's table may be doomed afterwards.
func (w *Work) SetTable(t *Table, level Type, i int, new PTE, mode Mode) Result {
	i &= Entries - 1
	if ours(level, i) {
		return BadEntry
	}
	e := &t[i]
	old := PTE(e.Load())
	switch {
	case new&Present == 0:
		if !w.space.harmless(new) {
			return BadEntry
		}
		write(e, old, new, mode)
	case new&tableRefused != 0:
		return BadEntry
	case old&Present != 0 && (old^new)&frameBits == 0:
		write(e, old, new|User, mode)
		return OK
	default:
		if r := w.GetTable(new.MFN(), level-1); r != OK {
			return r
		}
		write(e, old, new|User, mode)
	}
	if old&Present != 0 {
		w.PutTable(old.MFN())
	}
	return OK
}
