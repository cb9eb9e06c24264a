// Package tracetest has a machine whose CPUs record what a test says.
package tracetest

import (
	"sync/atomic"
	"unsafe"

	"tuco/hypercall"
)

// Machine is a trace.Hypervisor.
type Machine struct {
	cpus    [][]byte
	classes atomic.Uint64
}

// TicksPerMillisecond is how fast its time runs.
const TicksPerMillisecond = 1_000_000

// Usual is what it records at first.
const Usual = 1<<hypercall.CONTROLTRACE_SYSTEM | 1<<hypercall.CONTROLTRACE_FLUSH

const (
	headerSize = int(unsafe.Sizeof(hypercall.ControlTraceHeader{}))
	recordSize = int(unsafe.Sizeof(hypercall.ControlTraceRecord{}))
)

// New makes a machine of some CPUs, whose buffers hold some records.
func New(cpus, records int) *Machine {
	m := new(Machine)
	m.classes.Store(Usual)
	for cpu := range cpus {
		words := make([]uint64, (headerSize+records*recordSize)/8)
		m.cpus = append(m.cpus, unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), len(words)*8))
		*m.header(cpu) = hypercall.ControlTraceHeader{
			Magic: hypercall.CONTROLTRACE_MAGIC, Version: hypercall.CONTROLTRACE_VERSION, RecordSize: uint32(recordSize),
			Offset: uint32(headerSize), Capacity: uint32(records), CPU: uint32(cpu), TSCkHz: TicksPerMillisecond,
		}
	}
	return m
}

func (m *Machine) header(cpu int) *hypercall.ControlTraceHeader {
	return (*hypercall.ControlTraceHeader)(unsafe.Pointer(&m.cpus[cpu][0]))
}

// Memory is a CPU's buffer.
func (m *Machine) Memory(cpu int) []byte { return m.cpus[cpu] }

// Half lets a CPU begin with a record and not end.
func (m *Machine) Half(cpu int, e hypercall.ControlTraceRecord) {
	h := m.header(cpu)
	at := headerSize + int(h.Produced%uint64(h.Capacity))*recordSize
	*(*hypercall.ControlTraceRecord)(unsafe.Pointer(&m.cpus[cpu][at])) = e
}

// Record lets a CPU record something, whatever is to be recorded.
func (m *Machine) Record(e hypercall.ControlTraceRecord) {
	m.Half(int(e.CPU), e)
	atomic.AddUint64(&m.header(int(e.CPU)).Produced, 1)
}

// TraceBuffers is trace.Hypervisor's.
func (m *Machine) TraceBuffers() ([][]byte, error) { return m.cpus, nil }

// TraceClasses is trace.Hypervisor's.
func (m *Machine) TraceClasses() (uint64, error) { return m.classes.Load(), nil }

// SetTraceClasses is trace.Hypervisor's.
func (m *Machine) SetTraceClasses(classes uint64) error {
	m.classes.Store(classes)
	return nil
}
