// Package create makes the domains of the boot bundle: takes their memory,
// has it filled by package pvbuild, and gives the first vCPU its state.
//
// Whatever is missing stops the boot, with a reason: a host that starts with
// half of its domains is worse than one that says what is wrong. So nothing
// here is ever taken back.
package create
