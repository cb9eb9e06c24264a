package lock

import "unsafe"

// LockBoth takes two locks of one level, which Lock refuses to do one after
// the other. They are taken in the order of their addresses, so that two CPUs
// which name them in opposite order can't wait for each other. The two may
// be one and the same lock. UnlockBoth releases them together.
func LockBoth(a, b *Spin, h *Holder) {
	if uintptr(unsafe.Pointer(b)) < uintptr(unsafe.Pointer(a)) {
		a, b = b, a
	}
	a.Lock(h)
	if a == b {
		return
	}
	if a.level != b.level {
		violated(OutOfOrder, h, b.level, nil)
	}
	// As in Lock, without the check that the level is not held yet.
	for ticket := b.next.Add(1) - 1; b.serving.Load() != ticket; {
		h.relax()
	}
	b.owner = h
}

// UnlockBoth releases two locks taken by LockBoth, named in either order.
func UnlockBoth(a, b *Spin, h *Holder) {
	if a != b {
		if b.owner != h {
			violated(NotOwner, h, b.level, b.owner)
		}
		b.owner = nil
		b.serving.Add(1) // release, as in Unlock
	}
	a.Unlock(h)
}
