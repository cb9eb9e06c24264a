package trace

import (
	"sync/atomic"
	"unsafe"

	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/layout"
)

// Header stands at the start of a CPU's buffer, and Record is one event: package hypercall tells a reader how to read them.
type (
	Header = hypercall.ControlTraceHeader
	Record = hypercall.ControlTraceRecord
)

// NoVCPU stands in Record.VCPU where no vCPU is concerned.
const NoVCPU = uint32(hypercall.CONTROLTRACE_NO_VCPU)

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
	first   frame.MFN

	_ [64 - 56]byte // a cache line each: every CPU writes its own
}

var buffers [layout.MaxCPUs]buffer

// tscKHz is what SetClock said.
var tscKHz uint64

// Attach gives a CPU its buffer, which begins at a frame. The memory stays with this package; it must
// start on an 8-byte boundary. Too little for a header and two records leaves
// the CPU untraced, and says so. Call it before the CPU records, or from that
// CPU: the earlier records are gone.
func Attach(cpu int, first frame.MFN, memory []byte) bool {
	b := &buffers[cpu]
	b.records = nil
	if len(memory) < headerSize+2*recordSize || uintptr(unsafe.Pointer(&memory[0]))%8 != 0 {
		return false
	}
	capacity := (len(memory) - headerSize) / recordSize
	b.header = (*Header)(unsafe.Pointer(&memory[0]))
	*b.header = Header{
		Version: hypercall.CONTROLTRACE_VERSION, RecordSize: recordSize, Offset: headerSize,
		Capacity: uint32(capacity), CPU: uint32(cpu), TSCkHz: tscKHz,
	}
	b.next, b.made, b.first = 0, 0, first
	b.records = unsafe.Slice((*Record)(unsafe.Pointer(&memory[headerSize])), capacity)
	// Atomic, so that whoever sees the magic sees the header before it.
	atomic.StoreUint64(&b.header.Magic, hypercall.CONTROLTRACE_MAGIC)
	return true
}

// Frames are those that a CPU's buffer fills, none if it has no buffer.
func Frames(cpu int) (first frame.MFN, n uint64) {
	if cpu < 0 || cpu >= len(buffers) {
		return 0, 0
	}
	b := &buffers[cpu]
	if b.records == nil {
		return 0, 0
	}
	return b.first, uint64(headerSize+len(b.records)*recordSize) >> frame.PageShift
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
	atomic.StoreUint64(&b.header.Produced, b.made)
}
