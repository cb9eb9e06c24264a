package wire

import (
	"encoding/binary"
	"fmt"
	"io"

	"tuco/hypercall"
)

// The answer to PathTrace begins with a TraceHead. Records follow it, each TraceRecordSize bytes, as hypercall.ControlTraceRecord has them; all numbers have
// their lowest byte first.
const (
	TraceHeadSize   = 32
	TraceRecordSize = 32
)

// Queries of PathTrace.
const (
	QueryClass  = "class"  // names from TraceClasses with commas between them; without one it is exit
	QueryDomain = "domain" // a guest's name, or a domain's number: only what is about it
)

// TraceType is what the answer is called.
const TraceType = "application/vnd.tuco.trace"

// TraceClasses has the name of each class of events, at its number.
var TraceClasses = []string{
	hypercall.CONTROLTRACE_SYSTEM: "system", hypercall.CONTROLTRACE_EXIT: "exit", hypercall.CONTROLTRACE_INTERRUPT: "interrupt",
	hypercall.CONTROLTRACE_TIMER: "timer", hypercall.CONTROLTRACE_FLUSH: "flush",
}

// TraceHead is what a trace begins with.
type TraceHead struct {
	TicksPerMillisecond uint64 // of ControlTraceRecord.TSC
	CPUs                uint32 // that record
}

// Append appends the head as it is sent: the magic of a trace buffer, its version, the size of a record, the ticks, the CPUs, and zeros.
func (h *TraceHead) Append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, hypercall.CONTROLTRACE_MAGIC)
	b = binary.LittleEndian.AppendUint32(b, hypercall.CONTROLTRACE_VERSION)
	b = binary.LittleEndian.AppendUint32(b, TraceRecordSize)
	b = binary.LittleEndian.AppendUint64(b, h.TicksPerMillisecond)
	b = binary.LittleEndian.AppendUint32(b, h.CPUs)
	return binary.LittleEndian.AppendUint32(b, 0)
}

// ReadTraceHead reads a head.
func ReadTraceHead(r io.Reader) (h TraceHead, err error) {
	var b [TraceHeadSize]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return h, err
	}
	magic, version, size := binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:])
	if magic != hypercall.CONTROLTRACE_MAGIC || version != hypercall.CONTROLTRACE_VERSION || size != TraceRecordSize {
		return h, fmt.Errorf("this is no trace of version %d", hypercall.CONTROLTRACE_VERSION)
	}
	return TraceHead{binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint32(b[24:])}, nil
}

// AppendTrace appends a record as it is sent.
func AppendTrace(b []byte, r *hypercall.ControlTraceRecord) []byte {
	b = binary.LittleEndian.AppendUint64(b, r.TSC)
	b = binary.LittleEndian.AppendUint16(b, uint16(r.Event))
	b = binary.LittleEndian.AppendUint16(b, r.CPU)
	b = binary.LittleEndian.AppendUint32(b, r.VCPU)
	b = binary.LittleEndian.AppendUint64(b, r.A)
	return binary.LittleEndian.AppendUint64(b, r.B)
}

// ReadTrace reads a record. io.EOF: there is none any more.
func ReadTrace(r io.Reader) (e hypercall.ControlTraceRecord, err error) {
	var b [TraceRecordSize]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return e, err
	}
	return hypercall.ControlTraceRecord{
		TSC: binary.LittleEndian.Uint64(b[:]), Event: hypercall.ControlTraceEvent(binary.LittleEndian.Uint16(b[8:])),
		CPU: binary.LittleEndian.Uint16(b[10:]), VCPU: binary.LittleEndian.Uint32(b[12:]),
		A: binary.LittleEndian.Uint64(b[16:]), B: binary.LittleEndian.Uint64(b[24:]),
	}, nil
}
