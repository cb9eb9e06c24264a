package pool

import (
	"sync/atomic"

	"tuco/kernel/frame"
	"tuco/kernel/lock"
)

// Result is the outcome of an operation.
type Result uint8

const (
	OK       Result = iota
	Full            // the pool has as many objects as it may have
	NoMemory        // no frames for more
	Stale           // the object is gone: freed already, or never made
	TooLarge        // so many objects of this size do not fit into a pool
)

// String returns the result as a phrase of a report.
func (r Result) String() string {
	switch r {
	case OK:
		return "ok"
	case Full:
		return "pool is full"
	case NoMemory:
		return "out of memory"
	case Stale:
		return "object is gone"
	case TooLarge:
		return "pool too large"
	}
	return "unknown result"
}

// Ref names an object of type T for as long as it lives. The zero Ref names none.
type Ref[T any] struct{ Index, generation uint32 }

// Pool holds objects of type T. Init comes first.
type Pool[T any] struct {
	source   Source
	max      uint32 // objects at most
	perChunk uint32
	order    uint // of a chunk's frames

	ready  atomic.Uint32 // slots that exist; their chunks were stored before
	chunks [maxChunks]frame.VAddr

	lock  lock.Spin // guards what follows, growth of the above, and slots' next
	free  uint32    // first free slot, or none
	stats Stats
}

const (
	maxChunks = 64
	maxOrder  = 9 // chunks of 2 MiB at most
)

// Stats is a pool's account.
type Stats struct {
	Live   uint32 // objects
	Peak   uint32 // most that there ever were
	Room   uint32 // objects that the frames in use hold
	Max    uint32 // objects at most
	Frames uint64 // frames in use
	Made   uint64 // objects made since boot
	Failed uint64 // requests refused
}

// Init prepares a pool of at most max objects. It takes no frames yet. TooLarge
// means that max objects of type T do not fit into the largest pool (64 chunks of 2 MiB).
func (p *Pool[T]) Init(source Source, max uint32) Result {
	p.lock.Init(lock.Pool)
	p.source, p.max, p.free = source, max, none
	size := slotSize[T]()
	for p.order = 0; p.order <= maxOrder; p.order++ {
		bytes := uint64(frame.PageSize) << p.order
		n := bytes / size
		waste := bytes - n*size
		if n*maxChunks >= uint64(max) && n > 0 && (waste <= bytes/8 || p.order >= maxOrder/2) {
			p.perChunk = uint32(n)
			return OK
		}
	}
	p.max = 0
	return TooLarge
}

// Make returns a new object, all zero, and its Ref.
func (p *Pool[T]) Make(h *lock.Holder) (*T, Ref[T], Result) {
	for {
		p.lock.Lock(h)
		if s := p.pop(); s != nil {
			p.lock.Unlock(h)
			s.zero()
			// Release: pairs with the load in Get, so that who finds the object
			// finds it zeroed.
			return &s.object, Ref[T]{s.index, s.generation.Add(1)}, OK
		}
		full := p.ready.Load() == p.max
		if full {
			p.stats.Failed++
		}
		p.lock.Unlock(h)
		if full {
			return nil, Ref[T]{}, Full
		}
		if !p.grow(h) {
			return nil, Ref[T]{}, NoMemory
		}
	}
}

// pop takes a slot off the free list and counts its object, or returns nil.
func (p *Pool[T]) pop() *slot[T] {
	if p.free == none {
		return nil
	}
	s := p.slot(p.free)
	p.free = s.next
	p.stats.Made++
	p.stats.Live++
	p.stats.Peak = max(p.stats.Peak, p.stats.Live)
	return s
}

// grow adds a chunk, unless another CPU has filled the pool meanwhile.
func (p *Pool[T]) grow(h *lock.Holder) bool {
	v, ok := p.source.Take(h, p.order)
	p.lock.Lock(h)
	first := p.ready.Load()
	n := min(p.perChunk, p.max-first)
	switch {
	case !ok:
		p.stats.Failed++
	case n != 0:
		p.chunks[first/p.perChunk] = v
		for i := n; i > 0; i-- { // so that the lowest comes first in the list
			s := slotAt[T](v, i-1)
			s.generation.Store(0)
			s.index, s.next = first+i-1, p.free
			p.free = s.index
		}
		p.stats.Frames += 1 << p.order
		// Release: pairs with the load in slot; the chunk is there before the
		// slots count.
		p.ready.Store(first + n)
	}
	p.lock.Unlock(h)
	if ok && n == 0 {
		p.source.Give(h, v, p.order)
	}
	return ok
}

// slot returns the slot of an index, or nil if there is none (yet).
func (p *Pool[T]) slot(index uint32) *slot[T] {
	if index >= p.ready.Load() { // acquire, for the chunk
		return nil
	}
	return slotAt[T](p.chunks[index/p.perChunk], index%p.perChunk)
}

// Get returns the Ref's object, or nil if it is gone.
func (p *Pool[T]) Get(r Ref[T]) *T {
	s := p.slot(r.Index)
	// Acquire: pairs with the add in Make. An even generation is no object's.
	if s == nil || s.generation.Load() != r.generation || r.generation&1 == 0 {
		return nil
	}
	return &s.object
}

// At returns the object at the index, whichever it is, or nil if there is none.
// A loop over all objects goes up to Room.
func (p *Pool[T]) At(index uint32) *T {
	s := p.slot(index)
	if s == nil || s.generation.Load()&1 == 0 { // acquire, as in Get
		return nil
	}
	return &s.object
}

// Room is one more than the highest index that an object may have now.
func (p *Pool[T]) Room() uint32 { return p.ready.Load() }

// Ref returns the Ref of an object that is alive. The pointer must be one of
// the pool's.
func (p *Pool[T]) Ref(object *T) Ref[T] {
	s := slotOf(object)
	return Ref[T]{s.index, s.generation.Load()}
}

// Free ends the Ref's object. Stale means that it was gone already: the caller
// freed it twice.
func (p *Pool[T]) Free(h *lock.Holder, r Ref[T]) Result {
	s := p.slot(r.Index)
	// Of several CPUs that free one object, the swap lets one through. Acquire and
	// release: all earlier uses of the object happen before its next.
	if s == nil || r.generation&1 == 0 || !s.generation.CompareAndSwap(r.generation, r.generation+1) {
		return Stale
	}
	p.lock.Lock(h)
	s.next = p.free
	p.free = s.index
	p.stats.Live--
	p.lock.Unlock(h)
	return OK
}

// Stats fills in the account as of now.
func (p *Pool[T]) Stats(h *lock.Holder, s *Stats) {
	p.lock.Lock(h)
	*s = p.stats
	s.Room, s.Max = p.ready.Load(), p.max
	p.lock.Unlock(h)
}
