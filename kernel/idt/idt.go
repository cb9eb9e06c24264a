package idt

import (
	"unsafe"

	"tuco/kernel/frame"
	"tuco/kernel/klog"
	"tuco/kernel/percpu"
	"tuco/kernel/trace"
	"tuco/kernel/x86"
)

// BugVector is raised by software where the hypervisor finds itself wrong: the
// report then begins from a full register frame, on a stack that is sound. It is
// the first above the legacy controllers', whose spurious interrupts must not
// look like a bug.
const BugVector x86.Vector = 0x30

// stubSize is the distance of two stubs in stubs_amd64.s, in bytes.
const stubSize = 7

// gate is an entry of the table. APM vol. 2, "Interrupt-Gate Descriptor".
type gate struct {
	offsetLow  uint16
	selector   uint16
	ist        uint8
	attributes uint8
	offsetMid  uint16
	offsetHigh uint32
	_          uint32
}

const interruptGate = 0x8e // present, DPL 0, interrupts off inside

var (
	gates    [256]gate
	handlers [256]func(*Frame)
)

// unhandled takes every vector that has no function of its own.
var unhandled func(*Frame)

// Init fills the table; every vector goes to fallback until SetHandler says
// otherwise. The boot CPU calls it once, each CPU then calls Load.
func Init(fallback func(*Frame)) {
	unhandled = fallback
	for v := range gates {
		at := stubs() + frame.VAddr(v*stubSize)
		gates[v] = gate{
			offsetLow: uint16(at), offsetMid: uint16(at >> 16), offsetHigh: uint32(at >> 32),
			selector: percpu.SelectorCode, attributes: interruptGate,
			ist: stackOf(x86.Vector(v)).IST(),
		}
	}
}

// stackOf is the stack that a vector's handler runs on.
func stackOf(v x86.Vector) percpu.StackKind {
	switch {
	case v == x86.VectorNMI:
		return percpu.NMI
	case v == x86.VectorDF:
		return percpu.DoubleFault
	case v == x86.VectorMC:
		return percpu.MachineCheck
	case v < x86.FirstFree || v == BugVector:
		return percpu.Fault
	}
	return percpu.Main
}

// UseMainStackOnly makes every gate stay on the stack that it finds. For the
// boot CPU, until its other stacks are mapped and its TSS is loaded.
func UseMainStackOnly(only bool) {
	for v := range gates {
		gates[v].ist = stackOf(x86.Vector(v)).IST()
		if only {
			gates[v].ist = 0
		}
	}
}

// Load makes this CPU use the table.
func Load() {
	var r x86.TableRegister
	r.Set(unsafe.Pointer(&gates), unsafe.Sizeof(gates))
	x86.LoadIDT(&r)
}

// SetHandler makes f take a vector, on every CPU. An interrupt's function ends
// the interrupt at the APIC itself. The vector must be free.
func SetHandler(v x86.Vector, f func(*Frame)) {
	if handlers[v] != nil {
		klog.Bugf("vector %x has two handlers", klog.X(uint8(v)))
	}
	handlers[v] = f
}

// dispatch is what the stubs call.
func dispatch(f *Frame) {
	v := f.Vector()
	// Exceptions, and NMIs among them, can come in the middle of a record.
	if v >= x86.FirstFree && v != BugVector {
		trace.Emit(percpu.Current().ID, trace.Interrupt, trace.NoVCPU, uint64(v), uint64(f.RIP))
		if f.RFLAGS&x86.FlagIF == 0 {
			klog.TryWarnf("cpu %d: interrupt %x came while interrupts were off, at %x", klog.D(percpu.Current().ID), klog.X(uint8(v)), klog.X(f.RIP))
		}
	}
	if h := handlers[v]; h != nil {
		h(f)
		return
	}
	unhandled(f)
}

// dispatchFunc is how the stubs find dispatch without a wrapper.
//
//lint:ignore U1000 the assembly code refers to it
var dispatchFunc = dispatch

// stubs is the address of the first stub.
func stubs() frame.VAddr

// commonStart is the address of the code that all stubs share.
func commonStart() frame.VAddr
