// Package keys lets a person at the serial console ask the hypervisor for its
// state, with one key for each question, as in Xen.
//
// A key's function runs on the CPU that serves the console, in an interrupt
// with no lock held, and prints through the log. Bytes arrive by the serial
// port's interrupt or, on a machine where that can't be routed, by a timer that
// looks 20 times a second; the log says which.
//
// The keys stand in tables: the one here, and those that other packages give to
// Add. A later table's key replaces an earlier one's.
package keys
