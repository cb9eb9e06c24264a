package pagetype

import (
	"tuco/kernel/frame"
	"tuco/kernel/klog"
	"tuco/kernel/pmm"
)

// Assign gives a frame that is nobody's to its owner. One reference is the owner's
// possession of it, until Surrender. Once the owner runs this is done under
// its lock: see OwnTable.
func (f *Frames) Assign(m frame.MFN, o Owner) {
	i := f.info(m)
	step()
	if !i.Ref.CompareAndSwap(0, uint64(o)<<ownerShift|allocated|1) {
		klog.Bugf("frame %x is given away while in use", klog.X(uint64(m)))
	}
}

// AssignReadOnly gives a frame that is the hypervisor's, and stays so, an owner by whose name others can map it: to read
// only, as a count of no type remains with it for good.
func (f *Frames) AssignReadOnly(m frame.MFN, o Owner) {
	f.info(m).Type.Store(uint64(None.word() | 1))
	f.Assign(m, o)
}

// Owner is whom a frame belongs to; false if to nobody. Only he who holds a
// reference can rely on the answer.
func (f *Frames) Owner(m frame.MFN) (Owner, bool) {
	i := f.info(m)
	if i == nil {
		return 0, false
	}
	x := i.Ref.Load()
	return Owner(x >> ownerShift), x != 0
}

// NextOwn is the first frame from m on that belongs to the space's owner, if it is below end; or else end.
func (w *Work) NextOwn(m, end frame.MFN) frame.MFN {
	for ; m < end; m++ {
		if i := w.frames.info(m); i != nil {
			step()
			if x := i.Ref.Load(); x != 0 && Owner(x>>ownerShift) == w.space.Owner {
				return m
			}
		}
	}
	return end
}

// Owned tells whether a frame belongs to anybody, for now.
func (f *Frames) Owned(m frame.MFN) bool {
	i := f.records.Info(m)
	return i != nil && i.Ref.Load() != 0
}

// Most is the records of most frames: see pmm. It is for those who ask what Owned
// tells too often to call it.
func (f *Frames) Most() (first frame.MFN, infos []pmm.Info) { return f.records.Most() }

// TryGet takes a reference to a frame, if it belongs to this owner. The
// reference keeps the frame from being freed and is given back by Put.
func (w *Work) TryGet(m frame.MFN, o Owner) Result {
	i := w.frames.info(m)
	if i == nil {
		return NoFrame
	}
	return get(i, o)
}

func get(i *pmm.Info, o Owner) Result {
	for {
		step()
		x := i.Ref.Load()
		if x == 0 {
			return NoFrame
		}
		if Owner(x>>ownerShift) != o {
			return NotOwner
		}
		if x&refMask == maxCount {
			return Overflow
		}
		step()
		if i.Ref.CompareAndSwap(x, x+1) {
			return OK
		}
	}
}

// Put gives back a reference. The last one frees the frame: see NextFreed.
func (w *Work) Put(m frame.MFN) { w.put(m, w.frames.info(m)) }

func (w *Work) put(m frame.MFN, i *pmm.Info) {
	for {
		step()
		x := i.Ref.Load()
		if x&refMask <= 1 {
			if w.last(m, i, x) {
				return
			}
			continue
		}
		step()
		if i.Ref.CompareAndSwap(x, x-1) {
			return
		}
	}
}

// last gives back the last reference, unless the word is not x any more.
//
//go:noinline
func (w *Work) last(m frame.MFN, i *pmm.Info, x uint64) bool {
	if x&refMask == 0 || x&allocated != 0 {
		klog.Bugf("a reference to frame %x is given back twice", klog.X(uint64(m)))
	}
	step()
	if !i.Ref.CompareAndSwap(x, 0) {
		return false
	}
	// Nobody else reaches the frame from here on.
	w.free(m, i, Owner(x>>ownerShift))
	return true
}

// Surrender gives up the owner's possession of a frame. When all other uses of
// it have ended the frame is freed.
func (w *Work) Surrender(m frame.MFN) Result {
	i := w.frames.info(m)
	if i == nil {
		return NoFrame
	}
	for {
		step()
		x := i.Ref.Load()
		if r := w.possessed(x); r != OK {
			return r
		}
		// The flag falls with the reference that it stands for, so that of two
		// CPUs which try, one fails.
		next := x&^allocated - 1
		if next&refMask == 0 {
			next = 0
		}
		step()
		if !i.Ref.CompareAndSwap(x, next) {
			continue
		}
		if next == 0 {
			w.free(m, i, w.space.Owner)
		}
		return OK
	}
}

// Take takes a frame from its owner that nobody uses: WrongType if somebody
// does. The frame is nobody's then and holds what it held.
func (w *Work) Take(m frame.MFN) Result {
	i := w.frames.info(m)
	if i == nil {
		return NoFrame
	}
	for {
		step()
		x := i.Ref.Load()
		if r := w.possessed(x); r != OK {
			return r
		}
		if x&refMask != 1 {
			return WrongType
		}
		step()
		if i.Ref.CompareAndSwap(x, 0) {
			w.retire(m, i)
			i.Type.Store(0)
			return OK
		}
	}
}

// possessed tells whether a frame whose reference word is x is in its owner's, the
// space's, possession.
func (w *Work) possessed(x uint64) Result {
	if x == 0 {
		return NoFrame
	}
	if Owner(x>>ownerShift) != w.space.Owner || x&allocated == 0 {
		return NotOwner
	}
	return OK
}

// free puts a frame with no reference left on the list of those that the
// caller of the call has to return.
func (w *Work) free(m frame.MFN, i *pmm.Info, o Owner) {
	w.retire(m, i)
	i.Type.Store(uint64(o)<<ownerShift | uint64(w.freed))
	w.freed = uint32(m)
	w.Budget -= freeCost
}

// freeCost is what a freed frame costs against the budget, since its return to the
// allocator takes as long as a look at so many entries.
const freeCost = 8

// retire ends what a frame was used as, which has no reference left. No mapping
// of it is left, but some TLB may have one: hence the stamp, made while nobody
// can get at the frame.
func (w *Work) retire(m frame.MFN, i *pmm.Info) {
	x := load(i)
	if x&^(typeMask|shared) != 0 {
		klog.Bugf("frame %x loses its last reference while it is of type %s", klog.X(uint64(m)), klog.S(x.typ().String()))
	}
	w.frames.stamp(i)
	i.Part = 0
}

// AnyFreed tells whether NextFreed has a frame.
func (w *Work) AnyFreed() bool { return w.freed != nolink }

// NextFreed takes a frame off the list of those that nobody uses any more, and
// says whose it was. The frame is to be given back to the allocator.
func (w *Work) NextFreed() (m frame.MFN, o Owner, ok bool) {
	if w.freed == nolink {
		return 0, 0, false
	}
	m = frame.MFN(w.freed)
	i := w.frames.info(m)
	x := i.Type.Load()
	w.freed = uint32(x)
	i.Type.Store(0)
	return m, Owner(x >> ownerShift), true
}

// TryGetMappable takes a reference to a frame of the domain whose frames new
// entries may map.
func (w *Work) TryGetMappable(m frame.MFN) Result { return w.TryGet(m, w.from) }
