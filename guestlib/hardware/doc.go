// Package hardware is the machine's own devices, for a domain that was given them: domain 0, as a rule.
//
// # Ports
//
// A [Ports] reaches the I/O ports that the hypervisor lets the domain use. Another one reads on Tuco as if nothing were there; on Xen it ends the program, as an
// address does at which there is nothing. An instruction for a port of domain 0's makes no exit.
//
// # Memory
//
// [Map] makes a device's registers accessible, each access of which reaches the device.
//
// # Interrupts
//
// A [Line] is an input of the machine's interrupt controllers. One that a device holds up until it was served is masked by the hypervisor when it
// interrupts, and stays so until Done: so whoever waits for it serves the device, and then says so.
package hardware
