// Package profile tells where a run's instructions went, by function: the hypervisor's, and the guest's beside.
//
// QEMU's TCG translates code in blocks and counts, with the plugin of plugin.S, how often it executes each. The counts are
// in a file that this package makes and reads ([Table]), also while the machine runs: the difference of two readings is
// what happened between ([Since]). Symbols turn blocks into functions ([Profile]).
//
// With -icount the run is the same with the plugin and without, so a profile is of the very instructions that a benchmark
// counts. A block counts as a whole when it is begun. One that ends early, by a fault or because a device has to
// be reached at the exact instruction, is begun again behind: so the sum is some per mille above what the time stamp
// counter says.
package profile
