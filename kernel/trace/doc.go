// Package trace records what each CPU does in a ring of small binary records,
// for the end of a crash report and for a control domain that maps the ring.
//
// # Contract with a reader
//
// Each CPU has a buffer of its own: a Header, then Header.Capacity records of
// Header.RecordSize bytes, the first of them Header.Offset bytes from the
// start. All fields are little-endian and written by the hypervisor only,
// marked [tuco]; a reader maps the buffer read-only and keeps its own place.
//
// One writer, the CPU itself, fills a record and then raises Header.Produced,
// the number of records ever written: record i is in slot i % Capacity, and
// the oldest is overwritten. The writer never waits, so a reader must notice
// that it was overtaken:
//
//  1. load Produced into p;
//  2. copy the records wanted, from p-Capacity+1 up to p-1;
//  3. load Produced again into q;
//  4. keep record i only if i+Capacity > q: the slot of record q, which may be
//     half written at this moment, is the one that held q-Capacity.
//
// The loads must be in this order, and the processor's own order of loads and
// of stores is enough on x86. Header.Magic is written last of all at start-up:
// a buffer without it is not one yet. A reader refuses a Version that it does
// not know.
//
// # Cost
//
// Events belong to classes, and a word of enabled classes is tested first:
// with a class off, an event costs a load and a branch. Only ordinary kernel
// code records. It runs with interrupts disabled, so no record is interrupted
// by another; an NMI or machine check handler must not record.
package trace
