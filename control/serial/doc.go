// Package serial drives a PC's serial port, a 16550: a [Port] is a stream of bytes both ways.
//
// The control domain is managed by the second one, which every emulator and many machines have and which needs no network. The other end is
// a program, so nothing is a control character and no byte may be lost: what comes while nobody reads stays in the device, which tells the other end to wait.
// An emulator does that by itself; a real line has to be wired for it, and then the modem control lines that are raised here say that somebody is there.
//
// # Interrupts
//
// The port interrupts when there is something to read and when there is room to write. Each interrupt is only turned on while somebody has use for it: to read,
// while there is room in the buffer; to write, while there is something in it. The identification register names one reason at a time, so they are all served
// before the line is left, or an edge would be missed.
//
// Source: National Semiconductor PC16550D data sheet, "Registers".
package serial
