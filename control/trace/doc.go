// Package trace reads what the hypervisor's CPUs record, for whoever asks, and has them record what is asked for: nothing more than at
// the start while nobody does.
//
// Each CPU writes into a buffer of its own and waits for nobody (see hypercall.ControlTrace). A Reader has a place in each, copies what
// has come since, and brings it into the order of time; of what was overwritten before it came he gives the number instead.
package trace
