// Package lock holds the kernel's locks: fair spinlocks whose order is checked
// at run time, in every build.
//
// # Why order, and why checked
//
// A deadlock needs a cycle of CPUs, each waiting for something that the next
// one holds. Every lock has a Level, and a CPU takes locks in rising order of
// level only; then the waits-for relation follows the order of the levels and
// can have no cycle. The rule covers a CPU which takes the same lock twice:
// its level is then not above those held. A CPU's Holder keeps its held
// levels as bits of one word, and a lock keeps its level as one bit, so
// "above all that are held" is a single comparison of two words, cheap enough
// never to be compiled out.
//
// The other way to wait for a CPU is to send it a request and wait for the
// answer (a TLB shootdown). Two rules keep that out of cycles:
//
//   - nobody waits for an answer while it holds a lock (Holder.AssertNone
//     stands at the top of every such wait);
//   - everybody who spins serves requests while it spins: every turn of every
//     loop in this package calls Holder.Serve. Serve takes no lock and waits
//     for nobody.
//
// Kernel code runs with interrupts disabled but for two windows in which no
// lock is held, so an interrupt handler never finds its own CPU inside a
// critical section, and there is no variant of Lock that disables interrupts.
//
// # The tree
//
//	cpus
//	└─ host map
//	   └─ pool           (never held while a pool asks for frames, which may
//	      │               flush, that is wait for other CPUs)
//	      └─ devices
//	         └─ links
//	            └─ events    (two domains' at once)
//	               └─ run queue   (two CPUs' at once)
//	                  └─ share
//	                     └─ vtimer
//	                        └─ timer
//	                           └─ grants
//	                              └─ rings
//	                                 └─ page tables
//	                                    └─ frames
//	                                       └─ trace
//	                                          └─ console
//
// levels.go names them. Two locks of one level are taken by LockBoth, which
// orders them by address, and released by UnlockBoth.
//
// # Fairness and ordering
//
// Spin is a ticket lock: an arriving CPU draws a number with one atomic add and
// waits until it is served, so CPUs enter in the order of their arrival and none
// starves. All waiters watch one word. That is the right trade for the few tens
// of CPUs and the short critical sections here; a queue lock (MCS) spares the
// shared word under long contention, at twice the instructions without it.
//
// Go's atomics are sequentially consistent. What the algorithm needs is less,
// and each operation says which: an acquire where a CPU enters and a release
// where it leaves.
package lock
