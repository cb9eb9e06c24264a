// Package domain is the objects that the hypervisor is about: domains, and
// their virtual CPUs.
//
// A VCPU runs in a container, whatever kind of guest it belongs to. What
// differs from kind to kind (what an exit means, which hypercalls there are)
// is in the domain's Kind, so that there is one exit loop for all.
//
// A Domain gathers what the packages below keep of it: its memory (mm), its
// event channels (evtchn), its share of the CPUs (sched). A VCPU likewise. The
// package itself decides nothing; package machine has the effects that
// concern more than one CPU, package pv what a paravirtual vCPU does.
//
// # Who may touch what
//
// A vCPU's registers and its PV state belong to the CPU that has the vCPU on
// it. Other CPUs reach a vCPU by what is atomic (Wants), by its scheduling
// Entity, its event channels and its timers, which have their own locks.
// While a domain is paused for good (see package machine) whoever takes it
// apart has it alone.
package domain
