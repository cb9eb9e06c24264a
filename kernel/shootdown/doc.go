// Package shootdown makes other CPUs drop translations from their TLBs, and
// waits until they have.
//
// # Protocol
//
// A CPU that asks (the sender) writes what to flush into its own request word,
// then a new generation into its own stamp word, then sets its bit in the
// pending word of each CPU that it asks (the target). If that word was zero it
// also sends an interrupt; otherwise one is on its way already, and will serve
// this request too.
//
// A target serves by taking its whole pending word (swapping in zero), and for
// each sender in it: reads the stamp, then the request, flushes, and last
// writes the stamp that it read into its acknowledgement word for this sender.
// The sender waits until that word has reached its stamp.
//
//	sender S                            target T
//	request[S] = what                   who = pending[T].swap(0)
//	stamp[S]   = g                      for S in who:
//	old = pending[T].or(bit S)              g = stamp[S]
//	if old == 0 && T runs: interrupt T      flush request[S]
//	until ack[T][S] >= g: serve own         ack[T][S] = g
//
// The bit is set after the stamp, so a target that finds the bit finds the
// stamp, or a later one; and a request that was written before the stamp it
// reads. A sender that asks again while an answer is missing makes its request
// "everything": whichever of the two requests the target reads, it flushes
// enough for the stamp it answers. Every word but pending has one writer.
//
// # Why it can't deadlock
//
// Waiting is done with all locks released, and whoever waits, here or for a
// lock, serves its own requests meanwhile. Serving takes no lock and waits for
// nobody. So each CPU that runs the hypervisor serves within the time of the
// longest stretch of code that does not spin, and one that runs a guest is
// interrupted. A waiting CPU repeats its interrupt now and then, and in the end
// reports a bug that names the CPU which does not answer.
//
// # Idle and offline CPUs
//
// They are neither interrupted nor waited for, so a later request of the same
// sender may replace one that they have not seen: while not running, and when
// it becomes so, a CPU that finds its bit set flushes everything. A CPU that
// leaves either state first says so, then serves. Against it stands the sender, which first sets
// the bit, then looks at the state: in any order of the four, the target finds
// the bit or the sender finds it running. Both steps need the store to be
// visible before the load, which is what sequentially consistent atomics give
// on x86 (a locked instruction); a plain store would not do.
//
// A CPU that has not come yet is not asked at all, or each request of everyone would
// be made of as many CPUs as there may be. It notes that it has come, then flushes
// everything, where the sender changes what is mapped, then looks who has come.
//
// An idle CPU therefore may hold a stale translation until it leaves idle. It
// runs no guest meanwhile, and the hypervisor's own mappings that idle code and
// interrupt handlers use (text, stacks, the direct map of what they touch) are
// never changed.
package shootdown
