// Package hypercalls calls the hypervisor.
//
// It is the ground that the guest library stands on, and runs where there is no Go runtime yet, or below it: no function
// here allocates.
package hypercalls
