package trace

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"tuco/hypercall"
)

// Record is one event.
type Record = hypercall.ControlTraceRecord

// buffer is that of a CPU, as it is mapped.
type buffer struct {
	header *hypercall.ControlTraceHeader
	slots  []Record
}

const (
	headerSize = unsafe.Sizeof(hypercall.ControlTraceHeader{})
	recordSize = unsafe.Sizeof(Record{})
)

// open makes sense of a buffer.
func open(memory []byte) (b buffer, err error) {
	if len(memory) < int(headerSize) {
		return b, fmt.Errorf("a trace buffer of %d bytes", len(memory))
	}
	h := (*hypercall.ControlTraceHeader)(unsafe.Pointer(&memory[0]))
	switch {
	case atomic.LoadUint64(&h.Magic) != hypercall.CONTROLTRACE_MAGIC:
		return b, fmt.Errorf("what should be a trace buffer begins with %x", h.Magic)
	case h.Version != hypercall.CONTROLTRACE_VERSION || h.RecordSize != uint32(recordSize):
		return b, fmt.Errorf("the hypervisor's trace buffers are of version %d with records of %d bytes, and this program reads version %d",
			h.Version, h.RecordSize, hypercall.CONTROLTRACE_VERSION)
	case h.Capacity < 2 || uint64(h.Offset)+uint64(h.Capacity)*uint64(recordSize) > uint64(len(memory)) || h.Offset%8 != 0:
		return b, fmt.Errorf("a trace buffer of %d records from byte %d on has %d bytes", h.Capacity, h.Offset, len(memory))
	}
	return buffer{h, unsafe.Slice((*Record)(unsafe.Pointer(&memory[h.Offset])), h.Capacity)}, nil
}

// produced is how many records have ever been written.
func (b *buffer) produced() uint64 { return atomic.LoadUint64(&b.header.Produced) }

// since appends the records from number from on that are still there, and tells how many were lost before the first of them, and the number behind the
// last.
func (b *buffer) since(list []Record, from uint64) (all []Record, lost, next uint64) {
	start := len(list)
	list, next = b.copy(list, from)
	whole := b.whole(list[start:], next)
	return append(list[:start], whole...), next - from - uint64(len(whole)), next
}

// copy appends the records from number from on that are there as it begins. next is the number behind the last of them.
func (b *buffer) copy(list []Record, from uint64) (all []Record, next uint64) {
	next = b.produced()
	for i := b.oldest(from, next); i < next; i++ {
		list = append(list, b.slots[i%uint64(len(b.slots))])
	}
	return list, next
}

// whole is those of copied records that were not overwritten meanwhile. next is the number behind the last.
func (b *buffer) whole(copied []Record, next uint64) []Record {
	first := next - uint64(len(copied))
	return copied[b.oldest(first, next)-first:]
}

// oldest is the number of the oldest record, of those from first up to next, that is there and can't be being overwritten.
func (b *buffer) oldest(first, next uint64) uint64 {
	capacity, now := uint64(len(b.slots)), b.produced()
	if now < capacity {
		return first
	}
	return min(max(first, now-capacity+1), next)
}
