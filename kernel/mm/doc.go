// Package mm is the memory hypercalls of paravirtual domains, with plain arguments and
// returned effects: mmu_update, update_va_mapping, mmuext_op's tables, roots and descriptor
// tables, update_descriptor, the emulation of writes to page tables, and the release of frames. What a frame
// may be is package pagetype's; this one says which frame, in which order, and under
// which lock.
//
// # A call
//
// An operation runs within a Call, which has a budget. It takes the domain's lock
// once, however many requests it is for, and never waits for another processor
// while it holds it. What has to follow is in the Call: frames to be freed,
// flushes to be waited for, and whether to make the operation again (see Call).
// An operation that is made again after Again or FlushFirst goes on from where it was, by
// what the frames' records say; nothing is kept in the Call, so a guest that
// never comes back harms nobody.
//
// The flushes here are those that safety needs. Those that a guest asks for
// (UVMF_TLB_FLUSH, MMUEXT_TLB_FLUSH_MULTI, …) are the caller's to do, after
// the operation; a vCPU's own translations need no note here, but each flush of all that a
// vCPU has should be noted by Flushed, with a Tick from before it: it saves one later.
//
// # Update rings
//
// A Ring is another way for requests to come to Update: see there. Its requests are judged by the same code; the ring adds the
// index, which is judged first.
//
// # Locks
//
//	an update ring's (lock.Rings)
//	└─ a domain's lock (lock.PageTables)
//	   └─ the frame allocator's (lock.Frames)
//
// Nobody holds two domains' locks. Frames of another domain are taken and given
// back by the atomic words of their records alone.
//
// # The model
//
// Built with the tag model (and under the race detector) the tests contain a machine
// of 64 frames and two processors, on which four vCPUs of three hostile domains
// run. Each processor is a coroutine that stops before each access to shared memory, and a
// scheduler with a seed says who goes on. The processors have tagged TLBs and
// paging-structure caches, which they fill by speculation from whatever they can reach. After each step all
// tables are recounted and all translations are judged.
//
// That the model finds mistakes is itself tested: TestPlantedFaults compiles it
// with a table of mistakes in the sources, and each has to be found.
package mm
