// Package timer tells the time and runs functions at given times.
//
// # Time
//
// The hypervisor's clock is the time stamp counter, in nanoseconds since
// Calibrate. Every CPU's counter is taken to run at the same rate and from the
// same start, which holds for the emulators and for any PC with an invariant
// counter. The rate is measured against a clock of known rate: a burst of readings
// of both, and another one a short while later. Each pair of readings yields an
// interval that must contain the rate; they are intersected, and the roundest
// number in what is left is taken: so the rates that machines really have are
// met exactly.
//
// Ticks become nanoseconds by one 64 by 64 bit multiplication and a shift. The
// multiplier keeps 64 significant bits, so a result is never too large, and too
// small by 2 at the most while it is below 2^63 ns (292 years).
//
// # Timers
//
// Each CPU has a queue of one-shot timers and a local APIC timer that is set
// to the earliest. A Timer is part of the object that it serves; the queue, a
// pairing heap, is linked through the Timers themselves, so setting one can't
// fail. A timer is queued on the CPU that sets it and runs there, in the timer's
// interrupt, with no lock held; it may be cancelled from anywhere.
//
// A late interrupt runs what is due in order of deadline. What a long burst
// leaves over is run by another interrupt, so that other interrupts get in
// between. How late the worst one ran is kept for the statistics.
//
// Sources: Intel SDM volume 3, "Time-Stamp Counter" and "TSC-Deadline Mode";
// Fredman, Sedgewick, Sleator, Tarjan, "The Pairing Heap: A New Form of
// Self-Adjusting Heap".
package timer
