package main

import (
	"sync/atomic"
	"unsafe"

	"tuco/boot"
	"tuco/kernel/apic"
	"tuco/kernel/frame"
	"tuco/kernel/idt"
	"tuco/kernel/klog"
	"tuco/kernel/layout"
	"tuco/kernel/percpu"
	"tuco/kernel/pmm"
	"tuco/kernel/shootdown"
	"tuco/kernel/timer"
	"tuco/kernel/trace"
	"tuco/kernel/x86"
)

// hostRoot is the machine address of the hypervisor's page tables.
var hostRoot frame.MAddr

// enterCPUFunc is what secondEntry calls.
var enterCPUFunc = enterCPU

// secondEntryAt is the address of the code that the trampoline goes to.
func secondEntryAt() frame.VAddr

var (
	// arrived has a bit for each CPU that runs Go code.
	arrived atomic.Uint32
	// released lets the CPUs go on to work, when all have arrived.
	released atomic.Bool
	// offer is what a start hangs on: the CPU takes it when it arrives, or the
	// boot CPU withdraws it when it has waited for long enough. One of the two.
	offer atomic.Uint32
)

// States of offer.
const (
	offerNone uint32 = iota
	offerOpen
	offerTaken
)

// prepared counts the CPUs that have stacks, a trace buffer and frames. It is
// percpu.Count, or one more after a CPU did not start: the next one gets them.
var prepared = 1

// startCPUs brings up the other processors, one at a time: they share the
// trampoline. One that doesn't come is left out.
func startCPUs(boot *percpu.CPU) {
	found := firmware.CPUs()
	if len(found) > 1 && options.MaxCPUs > 1 {
		for i := range found {
			if found[i].APICID != boot.APICID {
				apic.SendINIT(found[i].APICID)
			}
		}
		// SDM vol. 3, "Typical BSP Initialization Sequence": 10 ms after INIT.
		timer.Delay(10_000_000)
		low := placeTrampoline(boot)
		for i := range found {
			if found[i].APICID != boot.APICID && percpu.Count() < options.MaxCPUs {
				startCPU(boot, found[i].APICID, low)
			}
		}
		free(boot, low, 0)
	}
	if left := firmware.CPUsFound - options.MaxCPUs; left > 0 {
		klog.Warnf("%d more CPUs are not used: the limit is %d", klog.D(left), klog.D(options.MaxCPUs))
	}
	klog.Infof("cpus: %d of %d running, %s mode, boot CPU has APIC id %d", klog.D(percpu.Count()),
		klog.D(max(firmware.CPUsFound, 1)), klog.S(apic.Mode()), klog.D(boot.APICID))
}

// placeTrampoline copies the real-mode code to a frame below 1 MiB.
func placeTrampoline(cpu *percpu.CPU) frame.MFN {
	low := alloc(cpu, 0, pmm.Below1M, "the trampoline")
	code := machineBytes(handoff.TrampolineStart, uint64(handoff.TrampolineEnd-handoff.TrampolineStart))
	copy(machineBytes(low.Addr(), frame.PageSize), code)
	return low
}

func startCPU(boot0 *percpu.CPU, apicID uint32, low frame.MFN) {
	c, ok := percpu.Add(apicID)
	if !ok {
		return
	}
	if c.ID == prepared {
		mapStacks(c)
		attachTrace(boot0, c)
		allocHostFrames(boot0, c)
		prepared++
	}
	c.Locks.Serve = shootdown.Serve
	args := low.Addr() + (handoff.TrampolineArgs - handoff.TrampolineStart)
	*(*boot.TrampolineArguments)(layout.Pointer(layout.Direct(args))) = boot.TrampolineArguments{
		Root:  bootRoot,
		Entry: secondEntryAt(),
		CPU:   frame.VAddr(uintptr(unsafe.Pointer(c))),
	}
	offer.Store(offerOpen) // release: the CPU sees all of the above
	// The first may get lost; a CPU that is on its way ignores the second. The long
	// wait is for emulators, whose CPUs are threads that a busy host lets starve.
	for _, patience := range [...]uint64{20_000_000, 5_000_000_000} {
		apic.SendStartup(apicID, uint8(low))
		if isTaken(patience) {
			break
		}
	}
	if offer.CompareAndSwap(offerOpen, offerNone) {
		apic.SendINIT(apicID) // it must not wake up later, on somebody else's stack
		percpu.Drop()
		klog.Warnf("the CPU with APIC id %d does not start; it is not used", klog.D(apicID))
		return
	}
	// It runs Go code now, and arrives or reports.
	for arrived.Load()>>c.ID&1 == 0 {
		shootdown.Serve(&boot0.Locks)
		x86.Pause()
	}
}

// isTaken waits for a CPU to take the offer, at most ns nanoseconds.
func isTaken(ns uint64) bool {
	for end := timer.Now() + ns; timer.Now() < end; {
		if offer.Load() == offerTaken {
			return true
		}
		x86.Pause()
	}
	return false
}

// enterCPU is an application processor's first Go code, on its own stack.
func enterCPU(c *percpu.CPU) {
	if !offer.CompareAndSwap(offerOpen, offerTaken) {
		for { // too late: the INIT that ends this is on its way
			x86.HLT()
		}
	}
	x86.Prepare(&features)
	c.LoadTables()
	idt.Load()
	apic.EnableCPU()
	timer.StartCPU(&c.Locks)
	enableVirtualization(c)
	shootdown.Online(&c.Locks)
	trace.Emit(c.ID, trace.CPUUp, trace.NoVCPU, uint64(c.APICID), 0)
	arrived.Or(1 << c.ID)
	for !released.Load() {
		shootdown.Serve(&c.Locks)
		x86.Pause()
	}
	work(c)
}
