// Package selftest is what the hypervisor does when its command line says
// "selftest": it looks at itself, runs small guests on every CPU, all of them
// at once, says what came out and stops.
//
// There are two guests. One (guest.S) is master of its processor: it runs at
// privilege level 0, with direct and with nested paging, and takes events by
// its own interrupt table. The other (paravirtual.inc) runs at level 3 as
// paravirtual guests do: it makes hypercalls by SYSCALL, and whatever happens
// to it exits and is told to it by the host.
//
// Each is a sequence of checks. It goes through the ordinary entry, exit and
// dispatch code: it is a domain of a Kind of its own, whose hypercalls are the
// checks' helpers. What a check saw is reported by a hypercall; the host adds
// what only it can know, for instance that the guest really exited for it. A
// check that never reports counts as failed, and a timer ends a guest that hangs.
//
// The log gets a line for each check that failed, a line for each CPU and way
// of running a guest, what had to be left out and why, and last "selftest: N
// passed, M failed".
package selftest
