package pagetype

import (
	"tuco/kernel/frame"
	"tuco/kernel/pmm"
)

// Pin validates a table and keeps it validated until Unpin.
func (w *Work) Pin(m frame.MFN, level Type) Result {
	if r := w.GetTable(m, level); r != OK {
		return r
	}
	i := w.frames.info(m)
	x := load(i)
	if x&pinned != 0 {
		w.PutTable(m)
		return Pinned
	}
	store(i, x|pinned)
	return OK
}

// Unpin ends what Pin began.
func (w *Work) Unpin(m frame.MFN) Result {
	if r := w.TryGet(m, w.space.Owner); r != OK {
		return r
	}
	i := w.frames.info(m)
	x := load(i)
	r := NotPinned
	if x.typ().table() && x&(pinned|changing) == pinned {
		store(i, x&^pinned)
		w.PutTable(m)
		r = OK
	}
	w.put(m, i)
	return r
}

// Abandon dooms a table whose validation was interrupted, and unpins one that
// is pinned: the first steps of taking a domain apart. The frame is the domain's.
func (w *Work) Abandon(m frame.MFN) {
	i := w.frames.info(m)
	if i == nil || get(i, w.space.Owner) != OK {
		return
	}
	x := load(i)
	switch {
	case !x.typ().table() || x&changing != 0:
	case x&partial != 0:
		w.doom(m)
	case x&pinned != 0:
		store(i, x&^pinned)
		w.PutTable(m)
	}
	w.put(m, i)
}

// OwnTable is the level of a frame that is a validated table of the space's
// owner, else None. It stays so while the domain's lock is held, but for what the
// holder does: types of tables change under the lock, and no frame becomes the
// owner's without it. Hence the order here: what is the owner's after its type
// was read was the owner's before.
func (w *Work) OwnTable(m frame.MFN) Type {
	i := (*pmm.Info)(nil)
	first, infos := w.frames.Most()
	if n := uint64(m - first); n < uint64(len(infos)) {
		i = &infos[n]
	} else if i = w.frames.info(m); i == nil {
		return None
	}
	x := load(i)
	if x&(validated|changing) != validated || !x.typ().table() {
		return None
	}
	step()
	ref := i.Ref.Load()
	if ref == 0 || Owner(ref>>ownerShift) != w.space.Owner {
		return None
	}
	return x.typ()
}

// IsL1 tells, without a reference, whether a frame is in use as an L1 table just
// now. The answer is a hint.
func (f *Frames) IsL1(m frame.MFN) bool {
	i := f.info(m)
	return i != nil && load(i)&(typeMask|validated) == L1.word()|validated
}
