package main

import (
	"tuco/kernel/apic"
	"tuco/kernel/cmdline"
	"tuco/kernel/console"
	"tuco/kernel/crash"
	"tuco/kernel/frame"
	"tuco/kernel/idt"
	"tuco/kernel/klog"
	"tuco/kernel/layout"
	"tuco/kernel/lines"
	"tuco/kernel/lock"
	"tuco/kernel/machine"
	"tuco/kernel/pci"
	"tuco/kernel/percpu"
	"tuco/kernel/pmm"
	"tuco/kernel/power"
	"tuco/kernel/rtc"
	"tuco/kernel/selftest"
	"tuco/kernel/shootdown"
	"tuco/kernel/timer"
	"tuco/kernel/trace"
)

// continueBootFunc is what start goes on with.
var continueBootFunc = continueBoot

// continueBoot runs on the boot CPU's main stack, in the final address space.
func continueBoot(cpu *percpu.CPU) {
	idt.UseMainStackOnly(false)
	mapPower()
	power.Init(&firmware.Power)
	crash.Set(crash.Machine{Trace: dumpTrace, End: endCrash})
	logProcessor()

	startInterrupts(cpu)
	startClock(cpu)
	probeVirtualization(cpu)
	startTrace(cpu)
	startCPUs(cpu)
	releaseBoot(cpu)
	logMemory(cpu)
	console.Init()
	readBundle(cpu)
	startKeys(cpu)
	if options.Crash == cmdline.CrashAfterExit {
		options.SelfTest = true // it has a guest
		selftest.AfterExit = crashNow
	}
	if options.SelfTest {
		prepareTests(cpu)
	}
	released.Store(true)
	work(cpu)
}

// startInterrupts silences the legacy controllers and turns on the local APIC.
func startInterrupts(cpu *percpu.CPU) {
	if !apic.Present() {
		halt([]byte("this CPU has no local APIC"))
	}
	apic.MaskPICs()
	var page frame.VAddr
	if apic.NeedsPage() {
		page = mapDevice(apic.Base())
	}
	apic.Init(page)
	apic.EnableCPU()
	cpu.APICID = apic.ID()
	for _, io := range firmware.IOAPICs() {
		apic.AddIOAPIC(io.Addr, mapDevice(io.Addr), io.GSIBase)
	}
	shootdown.Init(flushTLB, kickCPU)
	machine.SetInterrupt(kickCPU)
	setHandlers()
	lines.Init(firmware.Overrides())
	pci.Init()
	cpu.Locks.Serve = shootdown.Serve
	shootdown.Online(&cpu.Locks)
	crash.Set(crash.Machine{StopOthers: apic.NMIOthers, Trace: dumpTrace, End: endCrash})
}

// startClock measures the processor's clock and starts this CPU's timers.
func startClock(cpu *percpu.CPU) {
	timer.Calibrate(firmware.Power.Timer, firmware.Power.TimerBits)
	alarm := timer.Alarm{Setup: setupAlarm, Start: apic.TimerStart, Left: apic.TimerLeft}
	if apic.HasDeadline() {
		alarm.Deadline = apic.TimerDeadline
	}
	if !timer.Init(alarm) {
		halt([]byte("the local APIC's timer does not count"))
	}
	timer.StartCPU(&cpu.Locks)
	const second = 1_000_000_000
	machine.InitClock(timer.Hz(), rtc.Seconds()*second)
}

func setupAlarm(deadline bool) { apic.TimerSetup(vectorTimer, deadline) }

// traceOrder is the size of a CPU's trace buffer: 2^traceOrder frames.
const traceOrder = 4

// startTrace gives every CPU that there may be its trace buffer.
func startTrace(cpu *percpu.CPU) {
	trace.SetClock(timer.Hz() / 1000)
	trace.Enable(uint64(options.Trace))
	attachTrace(cpu, cpu)
	trace.Emit(cpu.ID, trace.CPUUp, trace.NoVCPU, uint64(cpu.APICID), 0)
}

func attachTrace(by, c *percpu.CPU) {
	m := alloc(by, traceOrder, pmm.Anywhere, "a trace buffer")
	must(trace.Attach(c.ID, m, layout.Bytes(m.Addr(), frame.PageSize<<traceOrder)), "the trace buffer is too small")
}

// shareTrace lets the control domain read the buffers.
func shareTrace() {
	for cpu := range percpu.Count() {
		machine.ShareReadOnly(trace.Frames(cpu))
	}
}

// dumpTrace prints the end of the trace for a crash report.
func dumpTrace() {
	const records = 16
	trace.Dump(records)
}

func endCrash(reason []byte) { power.Crashed(reason, options.NoReboot) }

// haltText is where the reason of a halt is made up.
var haltText [256]byte

// halt stops for a reason that a person has to see to.
func halt(reason []byte) { power.Halt(reason) }

// lockViolation reports a broken rule of package lock.
func lockViolation(f lock.Fault) {
	klog.Bugf("%s: cpu %d, level %s, highest held %s, owner %d", klog.S(f.Kind.String()), klog.D(f.CPU),
		klog.S(f.Level.String()), klog.S(f.Highest().String()), klog.D(f.Owner))
}
