// Package pool keeps the kernel's objects of one type: domains, vCPUs, and
// whatever else is made and unmade while the hypervisor runs and there is no heap.
//
// A pool takes frames as it needs them, up to a bound, and never gives them
// back: an object's place holds an object of that type for ever, or none. So
// a pointer that outlives its object is a bug, but never one that turns an
// object into page tables.
//
// An object is reached by pointer, and by a Ref, its index and generation. Each use
// of a place has a new generation, odd while the object lives, so that a Ref to an
// object that is gone finds nothing, even if the place is in use again. (After
// 2^31 uses of one place the generations come round.) Keep a Ref where the
// object may go away meanwhile, in a timer or a queue, and a pointer where a
// lock or a reference count keeps the object in place. A Ref's object may be freed
// on another CPU right after Get: what forbids that is the caller's affair.
//
// Looking up takes no lock. Making and freeing take the pool's lock for a few
// instructions; frames are asked for with no lock held, since their scrubbing may
// have to wait for other CPUs.
package pool
