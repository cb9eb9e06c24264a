// Package guestlib is what a Go program may ask the library that it runs on, when it runs as a guest.
//
// A program needs nothing of it to be a guest: tools/tuco builds any. Where to read on: package start is the runtime's
// port, cpu the way from the program into the library and back, sched threads, mm memory, paging the queue of page-table
// updates, upcall events, clock time, hypercalls the ground. All these run below the Go runtime. Upper packages are ordinary
// Go, and call them through package gate: soft makes descriptors that goroutines wait for; files and sockets answer, by package
// calls, the system calls of package os and package net. evtchn, page, grant and xenbus are what domains talk to each other by,
// balloon, power and toolstack what the domain's toolstack asks for. probe measures the hypervisor.
package guestlib

import (
	"tuco/guestlib/clock"
	"tuco/guestlib/gate"
	"tuco/guestlib/mm"
	"tuco/guestlib/paging"
	"tuco/guestlib/start"
)

// Ticks is how far the processor's time stamp counter has come since the guest was entered.
func Ticks() uint64 { return clock.TSC() - start.Entered() }

// Paging is what the queue of page-table updates has done so far.
func Paging() paging.Stats { return mm.Stats() }

// UpdateRing has page-table updates go by Tuco's update ring, or else by mmu_update, and tells whether they go by the ring from now on.
// A program on the first vCPU asks that wants to compare the two.
func UpdateRing(wanted bool) (used bool) {
	arg := uintptr(0)
	if wanted {
		arg = 1
	}
	return gate.Call(gate.UpdateRing, arg, 0, 0, 0, 0) == 1
}

// Memory is the domain's pages, and those of them that nobody has.
func Memory() (pages, free uint64) { return mm.Pages(), mm.Free() }
