// Package sched shares the CPUs among vCPUs: in proportion to weights, up to caps.
//
// # Fair queueing
//
// Each vCPU (Entity) has a virtual time: the time it has run, divided by its
// weight. Each CPU has a queue of its own, ordered by virtual time, and runs what
// is furthest behind, for a slice. So on one CPU the virtual times stay together,
// which is what "in proportion to the weights" means.
//
// A vCPU that was asleep must not claim all that it has not used: it is put a
// little (wakeCredit) before the others at the most. This credit is the wake
// boost: a vCPU that wakes is ahead of those which have been running, and
// interrupts them at once, unless it has itself been running a lot.
//
// # Several CPUs
//
// Virtual times mean the same on all CPUs. Where one CPU has more to share out
// than another, its virtual times fall behind the other's; so that is what
// balance goes by. A CPU with vCPUs that wait looks, once in a while, for another
// one that is ahead by more than balanceLag, and gives it the vCPU that is
// furthest behind. Three busy vCPUs on two CPUs thus change places, and get two
// thirds each. A CPU with nothing to run takes what waits elsewhere; a vCPU that
// wakes goes to an idle CPU if there is one. A CPU that runs one vCPU and has
// nobody waiting needs no timer for any of this.
//
// How far a vCPU can be ahead or behind where it comes to is bounded (maxLag), for
// weights and affinity may be such that no balance is possible.
//
// # Caps
//
// The vCPUs of a domain (Group) with a cap share a budget, refilled every period.
// They take it in small parts before they run, and give back what they have not
// used. Who finds the budget empty is parked, on its CPU, until the next period.
//
// # States
//
//	          Wake, Unpause                  Pick
//	nowhere ───────────────→ queued ───────────────────→ current
//	   ↑  blocked or paused    │ ↑ slice over, preempted    │
//	   └───────────────────────┴─┴──────────────────────────┘
//
// besides: parked (its group's budget is empty), and limbo (between two CPUs'
// queues; whoever put it there places it). A vCPU that another one was switched to
// is still on its CPU until Left says that its registers are saved: until then
// it may be woken and queued, but only where it is.
//
// Blocking is in two steps. The vCPU calls Prepare, then looks for whatever it
// wants to wait for, then calls Block, which refuses if there was a Wake since
// Prepare. Whoever has something for it changes that first and calls Wake second.
//
// # Locks
//
// A queue's lock guards the queue and the vCPUs whose home it is; a vCPU changes
// its home under both queues' locks. Inside, a group's lock guards its budget. All
// effects on other CPUs are returned as a mask of CPUs to be made to call Pick.
package sched
