// Command bench is a guest that measures what the hypervisor's operations, the guest library's and the Go runtime's cost.
//
// It prints a table of tab-separated values, with the columns of the measurements of Xen that the project keeps to: the
// operation, how many of it a sample has, and the median of the samples for each; and behind these how often the vCPU left its
// container, where the hypervisor counts that. Time is counted in ticks of the time stamp counter. Under QEMU's -icount shift=0
// (tuco up --icount) a tick is an instruction, and hypercalls cost the same each time.
// The cost of measuring, which the first row shows, is taken off the others.
//
// Words on the command line choose rows: those whose names have one of them in it. docs/benchmarks.md tells what the rows are.
package main
