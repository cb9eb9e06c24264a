package hypercall

// Each CPU of the hypervisor's records what it does in a buffer of its own, which a privileged domain maps, to read only, as frames of
// DOMID_XEN: CONTROLOP_trace_buffer says which. A buffer begins with a ControlTraceHeader; behind it is a ring of records. One writer, the CPU,
// fills a record and then raises Produced, the number of records ever written: record i is in slot i % Capacity. The oldest is
// overwritten, and nobody waits. So a reader, who keeps his own place and writes nothing, has to find out that he was overtaken:
//
//  1. load Produced into p;
//  2. copy the records wanted, from p-Capacity+1 up to p-1;
//  3. load Produced again into q;
//  4. keep record i only if i+Capacity > q: the slot of record q, which may be half written at this moment, is the one that held
//     q-Capacity.
//
// The loads must be in this order, and the processor's own order of loads and of stores is enough on x86. The numbers of the records that he
// did not get are those that he has lost.

// ControlTrace is struct control_trace: which classes of events are recorded.
type ControlTrace struct {
	Flags   uint32 // [guest] CONTROLTRACE_set, or nothing to ask only
	CPUs    uint32 // [tuco] CPUs with a buffer have numbers below
	Classes uint64 // [guest] a bit (1<<class) for each that is to be recorded from now on; [tuco] for each that was recorded before
	Known   uint64 // [tuco] a bit for each that there is
}

// CONTROLTRACE_set is the bit of ControlTrace.Flags by which Classes are to be recorded, and no others.
const CONTROLTRACE_set = 1 << 0

// ControlTraceBuffer is struct control_trace_buffer: where a CPU's buffer is.
type ControlTraceBuffer struct {
	CPU    uint32 // [guest]
	Frames uint32 // [tuco] how many frames it has, side by side
	First  XenPFN // [tuco] the first of them
}

// ControlTraceHeader is struct control_trace_header: the start of a buffer. 64 bytes, little-endian.
type ControlTraceHeader struct {
	Magic      uint64    // [tuco] CONTROLTRACE_MAGIC, once the rest is valid
	Version    uint32    // [tuco] CONTROLTRACE_VERSION; a reader refuses one that he does not know
	RecordSize uint32    // [tuco] bytes
	Offset     uint32    // [tuco] of the first record, in bytes from the header's start
	Capacity   uint32    // [tuco] records; any number, not a power of two
	CPU        uint32    // [tuco] number of the CPU that writes here
	_          uint32    //
	TSCkHz     uint64    // [tuco] ticks of ControlTraceRecord.TSC in a millisecond; 0 while unknown
	Produced   uint64    // [tuco] records ever written; raised after a record is complete
	_          [2]uint64 //
}

// What a ControlTraceHeader begins with: "TUCOTRC1" in memory.
const (
	CONTROLTRACE_MAGIC   = 0x3143_5254_4f43_5554
	CONTROLTRACE_VERSION = 1
)

// ControlTraceRecord is struct control_trace_record: an event. 32 bytes.
type ControlTraceRecord struct {
	TSC   uint64            // [tuco] the writing CPU's time stamp counter
	Event ControlTraceEvent // [tuco] CONTROLTRACE_*: what A and B are stands there
	CPU   uint16            // [tuco] the CPU that wrote it
	VCPU  uint32            // [tuco] domain in the upper half, vCPU in the lower; or CONTROLTRACE_NO_VCPU
	A, B  uint64            // [tuco]
}

// CONTROLTRACE_NO_VCPU stands in ControlTraceRecord.VCPU where no vCPU is concerned.
const CONTROLTRACE_NO_VCPU = 1<<32 - 1

// ControlTraceEvent says what a record is about: the class in the upper byte, a number within the class in the lower.
type ControlTraceEvent uint16

// ControlTraceClass is a group of events that are recorded or not.
type ControlTraceClass uint8

// The classes.
const (
	CONTROLTRACE_SYSTEM    ControlTraceClass = 0 // rare: a CPU came up, a mark
	CONTROLTRACE_EXIT      ControlTraceClass = 1 // every exit from a guest
	CONTROLTRACE_INTERRUPT ControlTraceClass = 2 // interrupts taken by the hypervisor
	CONTROLTRACE_TIMER     ControlTraceClass = 3 // timers set and run
	CONTROLTRACE_FLUSH     ControlTraceClass = 4 // TLB shootdowns
	CONTROLTRACE_CLASSES                     = 5 // how many there are
)

// The events. Their comments say what A and B are.
const (
	CONTROLTRACE_mark         ControlTraceEvent = 0x000 // a place in the code, for debugging
	CONTROLTRACE_cpu_up       ControlTraceEvent = 0x001 // a CPU runs the hypervisor: its APIC ID
	CONTROLTRACE_lost         ControlTraceEvent = 0x0ff // never in a buffer: readers put it into what they pass on, for as many (A) as they have lost
	CONTROLTRACE_exit         ControlTraceEvent = 0x100 // a guest left its container: the reason, as package exit has it; RIP
	CONTROLTRACE_hypercall    ControlTraceEvent = 0x101 // a guest's kernel made a hypercall: its number, the low half of the second argument above; the first
	CONTROLTRACE_exception    ControlTraceEvent = 0x102 // an exception in a guest: its vector, the error code above; for a page fault the address, or RIP
	CONTROLTRACE_served       ControlTraceEvent = 0x103 // the last of these on the CPU was served: ticks that it took; RAX
	CONTROLTRACE_interrupt    ControlTraceEvent = 0x200 // the vector; RIP
	CONTROLTRACE_timer_set    ControlTraceEvent = 0x300 // the deadline
	CONTROLTRACE_timer_run    ControlTraceEvent = 0x301 // the deadline; how late
	CONTROLTRACE_flush_ask    ControlTraceEvent = 0x400 // this CPU asks others to flush: which; a stamp
	CONTROLTRACE_flush_serve  ControlTraceEvent = 0x401 // this CPU flushes for others: which
	CONTROLTRACE_flush_served ControlTraceEvent = 0x402 // the asked ones have all flushed: which; the stamp
)

// Class is the event's class.
func (e ControlTraceEvent) Class() ControlTraceClass { return ControlTraceClass(e >> 8) }
