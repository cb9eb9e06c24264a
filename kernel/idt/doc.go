// Package idt takes the processor's exceptions and interrupts, and hands each
// to the function that is set for its vector.
//
// All CPUs share one table. Exceptions run on stacks of their own, by the
// interrupt stack table, so that a report can be made whatever state the main
// stack is in. Interrupts are let in at two places only, x86.Idle and
// x86.ServiceInterrupts, both called from Go code like functions: so an
// interrupt handler never runs beside other code of its CPU. It relies on no
// register, and keeps them all: QEMU was seen to let an interrupt in behind an exit,
// where they are still the guest's, although interrupts were off.
//
// Guests' exceptions do not come here: they leave a guest by an exit.
package idt
