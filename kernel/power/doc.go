// Package power ends the machine's run: off, reboot, or a stop that needs a
// person. Each function writes the closing line of the log, by which the host
// tool judges the run, then tries every known way, the proper one first, and
// does not return.
//
// An emulator may have a port that makes it exit with a status: QEMU's
// isa-debug-exit at port 0xf4, where the value v becomes the status 2v+1. Bochs
// exits, with no status, when "Shutdown" is written to port 0x8900.
//
// Sources: ACPI specification, "Sleep Button and Power Button", "\_Sx (System
// States)", "PM1 Control Registers" and "Reset Register"; Intel 82371AB (PIIX4)
// data sheet, "Reset Control Register".
package power
