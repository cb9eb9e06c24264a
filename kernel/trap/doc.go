// Package trap is the exit loop: the one path by which every guest, of
// whatever kind, enters its container, leaves it and is served.
//
// An exit runs to completion on the CPU's one stack, with interrupts
// disabled. Three sorts of exit are told apart here, cheapest first:
//
//   - a hypercall: the number in RAX selects a row of the kind's table;
//   - something that the host wants (an interrupt, an NMI): it is let in;
//   - everything else: described in v.Info, then the kind decides.
//
// A handler ends the loop by setting v.Leave.
package trap
