// Package machine is what there is once: the frames, the scheduler, the clock,
// the list of domains; and the effects that concern several CPUs. The
// packages below decide and return what has to follow (wake these vCPUs, drop
// those translations, free that frame); here it is done.
//
// # Leaving the guest
//
// A CPU that runs a guest is made to leave it by an interrupt (Kick). What the
// interrupt is for stands in memory before it is sent: an event in the shared
// page, a bit of VCPU.Wants, a call for the scheduler. All of these are looked
// at, with interrupts disabled, before the guest is entered again; so an
// interrupt that comes after the look finds the guest entered, and makes it
// leave once more.
//
// # Flushing a guest's translations
//
// A vCPU whose translations have to go gets WantFlush; it flushes before it is
// entered again. If it is on another CPU just now, that CPU has to answer a
// request (package shootdown) before the flush counts as done: then it has
// left the guest, and it is not in the middle of an access to guest memory,
// since the hypervisor's own walks of guests' tables (package guestmem) hold
// only until the CPU next answers requests.
//
//	flusher                          the vCPU's CPU
//	wants |= flush                   on CPU = true     (scheduler)
//	on CPU?  ask its CPU, wait       wants & flush?    (before each entry)
//
// In any order of the four, the flusher finds the vCPU on its CPU, or the
// entry finds the wish.
package machine
