// Package x86 is the processor's instructions that Go has no words for: one
// function each, and names for the bits they take. It decides nothing.
//
// Sources: Intel 64 and IA-32 Architectures Software Developer's Manual,
// volumes 2 to 4; AMD64 Architecture Programmer's Manual, volumes 2 and 3.
package x86
