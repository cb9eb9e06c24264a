package sharedinfo

import "sync/atomic"

// tries bounds how often a guest that keeps writing to a word can make us start
// again.
const tries = 64

// TestAndSet sets a bit of a word and tells whether it was clear before. It is
// one locked operation, so it orders what came before against what comes after.
//
// A guest that rewrites the word faster than we can exchange it gets the bit
// set all the same, but "was clear" for an answer: at worst a notification too
// many.
func TestAndSet(w *atomic.Uint64, bit uint) (wasClear bool) {
	mask := uint64(1) << (bit & 63)
	for range tries {
		old := w.Load()
		// Also where the bit is set already: the exchange is the barrier after
		// which the other side is bound to see what we did before.
		if w.CompareAndSwap(old, old|mask) {
			return old&mask == 0
		}
	}
	w.Or(mask)
	return true
}

// TestAndClear clears a bit of a word and tells whether it was set before; in
// doubt, as for TestAndSet, it says so. It is one locked operation.
func TestAndClear(w *atomic.Uint64, bit uint) (wasSet bool) {
	mask := uint64(1) << (bit & 63)
	for range tries {
		old := w.Load()
		if w.CompareAndSwap(old, old&^mask) {
			return old&mask != 0
		}
	}
	w.And(^mask)
	return true
}

// Test reads a bit of a word.
func Test(w *atomic.Uint64, bit uint) bool { return w.Load()>>(bit&63)&1 != 0 }
