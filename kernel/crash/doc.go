// Package crash makes an end: it reports a bug of the hypervisor's on the
// console and stops the machine.
//
// Every way to it is an exception. The processor's come by themselves; our own
// checks (klog.Bug, and through it the compiler's) raise idt.BugVector. So each
// report begins on a stack that is sound, with all registers at hand.
//
// The first CPU to crash reports. It takes no lock, stops the other CPUs by an
// NMI, and prints: reason, CPU, registers, a backtrace, the last trace records.
// A fault inside the report ends it with what has been printed. Then the
// machine stops, with its own exit status where an emulator can pass one on.
package crash
