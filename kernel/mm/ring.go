package mm

import (
	"sync/atomic"

	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/lock"
	"tuco/kernel/pagetype"
)

// Ring is a vCPU's update ring: requests that wait in frames of its domain's, to be made like those of an mmu_update. There is a
// reference of ours to each of the frames, as writable, so that none is freed or becomes a table while it is in use.
//
// The guest can write to all of it at any time. What is taken from there is taken once: the index, which is judged, and the
// requests, whose copies Update judges. What is written there is never read back.
//
// The CPU that has the vCPU opens and closes the ring, or whoever takes the domain apart. Any CPU may drain it.
type Ring struct {
	lock   lock.Spin
	live   atomic.Bool   // it is open; [lock] to write
	cons   atomic.Uint64 // requests below it are answered for; [lock] to write
	shared *pagetype.Table
	slots  [maxSlotFrames][]Request
	size   uint64 // how many slots, a power of two

	refused uint64 // [lock]
	frames  [hypercall.TucoRingFrames]frame.MFN
}

const maxSlotFrames = hypercall.TucoRingFrames - 1

// RingFrames tells whether a ring can have so many frames.
func RingFrames(n uint32) bool { return n == 2 || n == 3 || n == maxSlotFrames+1 }

// Init makes a ring that is not open.
func (r *Ring) Init() { r.lock.Init(lock.Rings) }

// Open makes a ring of frames, as many as RingFrames allows. The caller has a reference to each as writable, and if the result is
// true the ring has them from then on. It is false if the ring is open. It begins empty: where the guest's index stands.
func (r *Ring) Open(h *lock.Holder, f *pagetype.Frames, list []frame.MFN) bool {
	r.lock.Lock(h)
	open := !r.live.Load()
	if open {
		for i := range r.frames {
			r.frames[i] = frame.NoMFN
		}
		copy(r.frames[:], list)
		r.shared = f.Table(list[0])
		for i, m := range list[1:] {
			r.slots[i&(maxSlotFrames-1)] = pagetype.Array[Request](f, m)
		}
		r.size = uint64(len(list)-1) * hypercall.TucoRingSlots
		r.refused = 0
		r.shared[hypercall.TucoRingRefused].Store(0)
		r.answer(r.shared[hypercall.TucoRingProd].Load())
		r.shared[hypercall.TucoRingState].Store(hypercall.TUCORING_active)
		r.live.Store(true)
	}
	r.lock.Unlock(h)
	return open
}

// Close ends a ring, with what waits in it undone. The call gets the references to its frames, so that some may have to be freed.
// It is false if the ring is not open.
func (r *Ring) Close(c *Call) bool {
	r.lock.Lock(c.Holder)
	open := r.live.Load()
	if open {
		r.end(c, hypercall.TUCORING_closed)
	}
	r.lock.Unlock(c.Holder)
	return open
}

// end closes the ring and says why. The lock is held.
func (r *Ring) end(c *Call, state uint64) {
	r.shared[hypercall.TucoRingState].Store(state)
	r.live.Store(false)
	for _, m := range r.frames {
		if m != frame.NoMFN {
			c.PutWritable(m)
		}
	}
}

// Live tells whether the ring is open.
func (r *Ring) Live() bool { return r.live.Load() }

// Waiting tells whether something is in the ring that is not done. The CPU asks that has the vCPU. It takes no lock: should the ring
// be closed meanwhile, it looks at what was a frame of it, and Drain finds out.
func (r *Ring) Waiting() bool { return r.Live() && r.Behind() }

// Behind is Waiting of a ring that is open.
func (r *Ring) Behind() bool { return r.shared[hypercall.TucoRingProd].Load() != r.cons.Load() }

// Drain makes the requests that are in the ring. Room is for copies of some.
//
// What is refused is marked in its slot, with the errno, and does not keep those behind it from being made. An index that can't be
// ends the ring. Again and FlushFirst mean what they do for Update: the rest waits in the ring for the next Drain.
func (r *Ring) Drain(c *Call, d *Domain, m2p []uint64, room []Request) (done uint64, result pagetype.Result) {
	r.lock.Lock(c.Holder)
	if r.live.Load() {
		done, result = r.drain(c, d, m2p, room)
	}
	r.lock.Unlock(c.Holder)
	return done, result
}

func (r *Ring) drain(c *Call, d *Domain, m2p []uint64, room []Request) (done uint64, result pagetype.Result) {
	at := r.cons.Load()
	prod := r.shared[hypercall.TucoRingProd].Load() // acquire: the entries below it were written before
	if prod-at > r.size {
		r.end(c, hypercall.TUCORING_broken)
		return 0, pagetype.OK
	}
	for at+done != prod && result == pagetype.OK {
		page, first := r.slot(at + done)
		list := room[:copy(room[:min(prod-at-done, uint64(len(room)))], page[first:])]
		var n uint64
		n, result = r.make(c, d, m2p, at+done, list)
		done += n
		r.answer(at + done)
	}
	return done, result
}

// slot is where entry n is: among the slots of a frame, and which.
func (r *Ring) slot(n uint64) (page []Request, i uint64) {
	n &= r.size - 1
	return r.slots[n/hypercall.TucoRingSlots%maxSlotFrames], n % hypercall.TucoRingSlots
}

// make makes requests, the first of which is entry at. It returns how many are answered for: made or refused.
func (r *Ring) make(c *Call, d *Domain, m2p []uint64, at uint64, list []Request) (answered uint64, result pagetype.Result) {
	for answered < uint64(len(list)) {
		n, why := d.Update(c, list[answered:], m2p)
		answered += uint64(n)
		switch why {
		case pagetype.OK:
		case pagetype.Again, pagetype.FlushFirst:
			return answered, why
		default:
			r.refuse(at+answered, list[answered].Ptr, why)
			answered++
		}
	}
	return answered, pagetype.OK
}

// refuse marks entry n as refused.
func (r *Ring) refuse(n, ptr uint64, why pagetype.Result) {
	page, i := r.slot(n)
	page[i] = Request{ptr | hypercall.TUCORING_refused, uint64(Errno(why))}
	r.refused++
	r.shared[hypercall.TucoRingRefused].Store(r.refused)
}

// answer tells the guest how far the ring has come: who has seen it sees what was refused below.
func (r *Ring) answer(cons uint64) {
	r.cons.Store(cons)
	r.shared[hypercall.TucoRingCons].Store(cons)
}
