// Package selftest is what the hypervisor does when its command line says
// "selftest": it looks at itself, runs a small guest on every CPU, all of them
// at once, with direct and with nested paging, says what came out and stops.
//
// The guest (guest.S) is a sequence of checks. It goes through the ordinary
// entry, exit and dispatch code: it is a domain of a Kind of its own, whose
// hypercalls are the checks' helpers. What a check saw is reported by a
// hypercall; the host adds what only it can know, for instance that the guest
// really exited for it. A check that never reports counts as failed, and a
// timer ends a guest that hangs.
//
// The log gets a line for each check that failed, a line for each CPU and way
// of paging, and last "selftest: N passed, M failed".
package selftest
