// Package apic drives the interrupt controllers: each CPU's local APIC, the
// I/O APICs, and the legacy PICs just far enough to silence them.
//
// A local APIC answers either through a page of memory (xAPIC, 8-bit IDs) or
// through model-specific registers (x2APIC, 32-bit IDs). The registers are the
// same but for the interrupt command, so one set of functions serves both and
// a branch picks the way. x2APIC is used where the CPU has it.
//
// Sources: Intel SDM volume 3, "Advanced Programmable Interrupt Controller
// (APIC)"; Intel 82093AA I/O APIC data sheet; Intel 8259A data sheet.
package apic
