// Package pci finds the functions on the PCI buses, and reads what they say of themselves.
//
// # Configuration space
//
// A function has 256 bytes of registers, which are not in memory: a [Space] reaches them. [Ports] is the one that every PC
// has: the address goes to I/O port 0xcf8, and the register is at 0xcfc. (The 4096 bytes that PCI Express functions have are in memory; what
// is needed here is in the first 256.)
//
// # Buses
//
// [Scan] begins at bus 0 and follows bridges, which say what buses are behind them. The firmware has given these numbers, and nothing
// here gives others.
//
// # Trust
//
// What a device says is believed only as far as it harms nobody: a list of capabilities that runs in circles ends after as many
// entries as there is room for, a bridge is followed only to a bus above its own, and a base address register's size is
// what the writable bits say. Device models in an emulator are programs with bugs like others, and a
// real device may be another one than its label says.
//
// Sources: PCI Local Bus Specification 3.0, "Configuration Space" and "Base Addresses"; PCI-to-PCI Bridge Architecture
// Specification 1.2, "Bus Number Registers".
package pci
