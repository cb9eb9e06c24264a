// Package trace records what each CPU does in a ring of small binary records,
// for the end of a crash report and for a control domain that maps the ring.
//
// Each CPU has a buffer of its own, and is the only one that writes to it. How a reader, who
// may be another domain, makes sense of one stands with hypercall.ControlTrace. The
// hypervisor itself never reads the shared header: its own place is in a variable that nobody else sees.
//
// # Cost
//
// Events belong to classes, and a word of enabled classes is tested first:
// with a class off, an event costs a load and a branch. Only ordinary kernel
// code records. It runs with interrupts disabled, so no record is interrupted
// by another; an NMI or machine check handler must not record.
package trace
