package trace

import (
	"sync/atomic"
	"unsafe"

	"tuco/kernel/layout"
)

// Magic begins each buffer: "TUCOTRC1" in memory.
const Magic = 0x3143_5254_4f43_5554

// Version is that of the contract in the package's documentation.
const Version = 1

// Header stands at the start of a CPU's buffer. 64 bytes.
type Header struct {
	Magic      uint64        // [tuco] the constant of that name, once the rest is valid
	Version    uint32        // [tuco]
	RecordSize uint32        // [tuco] bytes
	Offset     uint32        // [tuco] of the first record, in bytes from the header's start
	Capacity   uint32        // [tuco] records; any number, not a power of two
	CPU        uint32        // [tuco] number of the CPU that writes here
	_          uint32        //
	TSCkHz     uint64        // [tuco] ticks of Record.TSC in a millisecond; 0 while unknown
	Produced   atomic.Uint64 // [tuco] records ever written; raised after a record is complete
	_          [2]uint64     //
}

// Record is one event. 32 bytes.
type Record struct {
	TSC   uint64 // [tuco] the writing CPU's time stamp counter
	Event Event  // [tuco]
	CPU   uint16 // [tuco] the CPU that wrote it
	VCPU  uint32 // [tuco] domain in the upper half, vCPU in the lower; or NoVCPU
	A, B  uint64 // [tuco] what they mean depends on the event
}

// NoVCPU stands in Record.VCPU where no vCPU is concerned.
const NoVCPU = ^uint32(0)

const (
	headerSize = 64
	recordSize = 32
)

// A wrong size does not compile.
const (
	_ = uint(headerSize-unsafe.Sizeof(Header{})) + uint(unsafe.Sizeof(Header{})-headerSize)
	_ = uint(recordSize-unsafe.Sizeof(Record{})) + uint(unsafe.Sizeof(Record{})-recordSize)
)

// VCPU composes what Record.VCPU holds.
func VCPU(domain, vcpu uint16) uint32 { return uint32(domain)<<16 | uint32(vcpu) }

// buffer is the writer's side: it trusts nothing in the shared header.
type buffer struct {
	header  *Header
	records []Record // nil while the CPU has no buffer
	next    int      // slot of the next record
	made    uint64   // the writer's own copy of Header.Produced

	_ [64 - 48]byte // a cache line each: every CPU writes its own
}

var buffers [layout.MaxCPUs]buffer

// tscKHz is what SetClock said.
var tscKHz uint64

// Attach gives a CPU its buffer. The memory stays with this package; it must
// start on an 8-byte boundary. Too little for a header and two records leaves
// the CPU untraced, and says so. Call it before the CPU records, or from that
// CPU: the earlier records are gone.
func Attach(cpu int, memory []byte) bool {
	b := &buffers[cpu]
	b.records = nil
	if len(memory) < headerSize+2*recordSize || uintptr(unsafe.Pointer(&memory[0]))%8 != 0 {
		return false
	}
	capacity := (len(memory) - headerSize) / recordSize
	b.header = (*Header)(unsafe.Pointer(&memory[0]))
	*b.header = Header{
		Version: Version, RecordSize: recordSize, Offset: headerSize,
		Capacity: uint32(capacity), CPU: uint32(cpu), TSCkHz: tscKHz,
	}
	b.next, b.made = 0, 0
	b.records = unsafe.Slice((*Record)(unsafe.Pointer(&memory[headerSize])), capacity)
	// Atomic, so that whoever sees the magic sees the header before it.
	atomic.StoreUint64(&b.header.Magic, Magic)
	return true
}

// SetClock tells readers how fast the time stamp counters run, in ticks a millisecond.
func SetClock(ticksPerMillisecond uint64) {
	tscKHz = ticksPerMillisecond
	for i := range buffers {
		if buffers[i].records != nil {
			buffers[i].header.TSCkHz = tscKHz
		}
	}
}

// put appends a record.
func (b *buffer) put(tsc uint64, cpu int, e Event, vcpu uint32, x, y uint64) {
	if b.records == nil {
		return
	}
	r := &b.records[b.next]
	r.TSC, r.Event, r.CPU, r.VCPU, r.A, r.B = tsc, e, uint16(cpu), vcpu, x, y
	if b.next++; b.next == len(b.records) {
		b.next = 0
	}
	b.made++
	// Release: the record is complete before it counts. It also keeps the
	// next record's stores behind, which is what lets a reader notice them.
	b.header.Produced.Store(b.made)
}
