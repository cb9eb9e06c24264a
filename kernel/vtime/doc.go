// Package vtime is the time that guests see: the clock they compute from their
// TSC, the wall clock, how their time was spent, and their timers.
//
// # One clock
//
// All vCPUs of all domains get the same Clock: a point (TSC, nanoseconds) and a
// rate, set when the host starts. What a guest computes is then the same function
// of the TSC everywhere and always: it never goes back, whichever vCPU looks, on
// whichever pCPU, so XEN_PVCLOCK_TSC_STABLE_BIT is told in good conscience. And
// Clock.At is that very function, so that the hypervisor's idea of the system
// time and the guest's agree to the nanosecond, and a timer set for a time does
// not ring before the guest's clock says so.
//
// The rate has 32 significant bits, an error below 0.3 in 10^9, which makes 26
// microseconds a day: far less than that of the measurement of the TSC. A Clock
// whose point has to move (a domain that arrives from another host) is made from
// the old one by Rebase, or by NewClock from a time that is later than any it has
// shown.
//
// # Shared structures
//
// They are written as public headers xen.h and vcpu.h say: vcpu_time_info and the
// wall clock between two increments of a version, which we count ourselves and
// never read back; runstate between setting and clearing XEN_RUNSTATE_UPDATE.
// Each word is stored atomically; on x86, stores are seen in the order in which
// they were made.
//
// # Timers
//
// A vCPU has three: the one-shot timer of set_timer_op and vcpu_op, the periodic
// one, and the time-out of a poll. Each has an Alarm of its own. An alarm may
// ring although it was set anew meanwhile, on another pCPU; so what is due is
// decided under the lock, by the deadline, and a ring too early or too many is
// nothing. The periodic timer runs while the vCPU is on a pCPU only: a vCPU that
// blocks is not woken by it, and finds one tick, however many it missed, when it
// runs again.
//
// A domain's watchdogs work alike.
package vtime
