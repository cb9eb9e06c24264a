package crash

import (
	"math/bits"
	"sync/atomic"

	"tuco/kernel/idt"
	"tuco/kernel/klog"
	"tuco/kernel/percpu"
	"tuco/kernel/x86"
)

// Machine is what a report needs of the rest of the hypervisor. What is not
// set yet is passed over.
type Machine struct {
	StopOthers func()              // sends an NMI to every other CPU
	Trace      func()              // prints the last trace records
	End        func(reason []byte) // stops the machine, and does not return
}

var machine Machine

// Set says how to stop the machine. The boot sequence calls it as the means
// appear, before other CPUs start.
func Set(m Machine) { machine = m }

var (
	reporter atomic.Int32  // the CPU that reports, plus 1; 0 for nobody
	stopped  atomic.Uint32 // a bit for each CPU that has stopped for it
	depth    int           // of faults inside the report; the reporter's own
)

// nonMaskable stops this CPU if another one reports. An NMI that nobody asked
// for is hardware's doing, and only noted.
func nonMaskable(f *idt.Frame) {
	cpu := percpu.Current()
	if reporter.Load() == 0 {
		klog.TryWarnf("cpu %d: NMI from the hardware", klog.D(cpu.ID))
		return
	}
	rest(cpu)
}

// rest stops this CPU for good. A CPU that crashed too comes here twice: by
// itself, and by the NMI.
func rest(cpu *percpu.CPU) {
	stopped.Or(1 << cpu.ID)
	for {
		x86.HLT()
	}
}

// claim makes this CPU the reporter, or stops it if another one is.
func claim(cpu *percpu.CPU) {
	if !reporter.CompareAndSwap(0, int32(cpu.ID)+1) && reporter.Load() != int32(cpu.ID)+1 {
		rest(cpu)
	}
	depth++
}

// running is how many other CPUs have not stopped.
func running() int { return percpu.Count() - 1 - bits.OnesCount32(stopped.Load()) }

// stopOthers waits for the other CPUs to stop, for a while: one may be stuck.
func stopOthers() {
	if machine.StopOthers == nil || running() <= 0 {
		return
	}
	machine.StopOthers()
	const patience = 1 << 30 // in ticks of the time stamp counter: less than a second
	for start := x86.RDTSC(); running() > 0 && x86.RDTSC()-start < patience; {
		x86.Pause()
	}
}

// end stops the machine.
func end(text []byte) {
	if machine.End != nil {
		machine.End(text)
	}
	for {
		x86.HLT()
	}
}
