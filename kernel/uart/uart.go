// Package uart drives the console: a 16550 at COM1, 115200 baud, 8 data bits,
// no parity, one stop bit. It waits for nothing without a bound, so that a
// machine with no such port, or with one that is stuck, boots all the same.
//
// The caller serialises Write (the log holds a lock of its own); Read and the
// rest belong to the CPU that serves the keyboard.
//
// Source: Texas Instruments, TL16C550C data sheet, "Principles of Operation".
package uart

import "tuco/kernel/x86"

// IRQ is COM1's interrupt on the ISA bus.
const IRQ = 4

// com1 is the console's port. Each access goes through a function value: the
// tests put a model of the chip there.
var com1 = port{base: 0x3f8, in: x86.In8, out: x86.Out8}

// Init programs the port and tells whether there is one. Without one, Write
// discards and Read finds nothing. Interrupts stay off.
func Init() bool { return com1.init() }

// Present is what Init found.
func Present() bool { return com1.present }

// Write sends bytes, each newline as carriage return and newline.
// It has the shape of klog.Sink.
func Write(b []byte) { com1.write(b) }

// Drain waits, within a bound, until what was written is on the line: before
// the machine goes off.
func Drain() { com1.drain() }

// Read takes one received byte, if there is one. A byte that came in damaged is dropped.
func Read() (b byte, ok bool) { return com1.read() }

// EnableInterrupt makes the port raise IRQ when a byte arrives. The line falls
// once Read has found nothing: the handler must read until then.
func EnableInterrupt() { com1.enableInterrupt() }

// Lost is how many bytes Write gave up, because the port stayed busy.
func Lost() uint64 { return com1.lost }
