package selftest

import (
	"sync/atomic"

	"tuco/kernel/apic"
	"tuco/kernel/frame"
	"tuco/kernel/idt"
	"tuco/kernel/klog"
	"tuco/kernel/layout"
	"tuco/kernel/lock"
	"tuco/kernel/percpu"
	"tuco/kernel/pmm"
	"tuco/kernel/shootdown"
	"tuco/kernel/timer"
	"tuco/kernel/x86"
)

// host counts the checks that need no guest.
var host struct{ passed, failed int }

// lookAround makes them, on the boot CPU, while the others run their guests.
func lookAround(cpu *percpu.CPU) {
	note("frame allocator", checkFrames(cpu))
	note("no page writable and executable", checkPages())
	note("lock order", checkLocks())
	note("IPI to every CPU", checkIPI(cpu))
	note("interrupt behind an exit", checkRegisters(cpu))
	note("TLB shootdown", checkShootdown(cpu))
	note("timer", checkTimer(cpu))
	klog.Infof("selftest: host: %d passed, %d failed", klog.D(host.passed), klog.D(host.failed))
}

// note takes the result of a check: what went wrong, or nothing.
func note(name, wrong string) {
	if wrong == "" {
		host.passed++
		return
	}
	host.failed++
	klog.Errorf("selftest: host: %s: failed, %s", klog.S(name), klog.S(wrong))
}

// checkFrames takes and returns a block of each order. No other CPU allocates
// now, so the counts must be what they were.
func checkFrames(cpu *percpu.CPU) (wrong string) {
	h, frames := &cpu.Locks, machine.Frames
	var before, during, after pmm.Stats
	frames.Stats(h, &before)
	const largest = 4
	var blocks [largest + 1]frame.MFN
	for order := range uint(largest + 1) {
		m, r := frames.Alloc(h, order, pmm.Anywhere)
		if r != pmm.OK {
			return "no memory"
		}
		blocks[order] = m
		words := layout.Bytes(m.Addr(), frame.PageSize<<order)
		for i := range words {
			if words[i] != 0 {
				return "a frame is not scrubbed"
			}
		}
		words[0], words[len(words)-1] = 0xa5, 0x5a
	}
	frames.Stats(h, &during)
	if before.Free-during.Free != 1<<(largest+1)-1 {
		return "the count of free frames is wrong"
	}
	for order, m := range blocks {
		if frames.Free(h, m, uint(order)) != pmm.OK {
			return "a block is refused"
		}
	}
	if frames.Free(h, blocks[0], 0) != pmm.DoubleFree {
		return "a frame was freed twice"
	}
	frames.Stats(h, &after)
	if after.Free != before.Free {
		return "frames are lost"
	}
	return ""
}

// checkPages walks the hypervisor's page tables.
func checkPages() (wrong string) {
	report := machine.Host.Audit()
	if !report.Clean() {
		return "the page tables break a rule"
	}
	return ""
}

// caught is the violation that checkLocks provoked.
var (
	caught       lock.Fault
	lastResort   func(lock.Fault)
	orderChecked = func(f lock.Fault) {
		if f.CPU != nobody {
			lastResort(f)
		}
		caught = f
	}
)

// The locks of checkLocks and their holder.
var (
	inner, outer lock.Spin
	holder       lock.Holder
)

// nobody is the CPU number of a lock holder that is no CPU.
const nobody = 0xffff

// checkLocks takes two locks of its own in the wrong order. Nobody else can
// wait for them, so going on after the violation does no harm.
func checkLocks() (wrong string) {
	outer.Init(lock.Pool)
	inner.Init(lock.Frames)
	h := &holder
	h.CPU = nobody

	lastResort = lock.Violation
	caught = lock.Fault{}
	lock.Violation = orderChecked
	inner.Lock(h)
	outer.Lock(h)
	lock.Violation = lastResort
	if caught.CPU != nobody || caught.Kind != lock.OutOfOrder || caught.Level != lock.Pool {
		return "the wrong order went unnoticed"
	}
	return ""
}

// answered has a bit for each CPU that took the test's interrupt.
var answered atomic.Uint32

// vectorTest is used by checkIPI only.
const vectorTest x86.Vector = 0xf5

func answer(*idt.Frame) {
	apic.EOI()
	answered.Or(1 << percpu.Current().ID)
}

// second is in ns; the checks wait for that long at the most.
const second = 1_000_000_000

// checkIPI interrupts every CPU, this one too.
func checkIPI(cpu *percpu.CPU) (wrong string) {
	idt.SetHandler(vectorTest, answer)
	for i := range percpu.Count() {
		if !apic.SendFixed(percpu.Get(i).APICID, vectorTest) {
			return "an interrupt is not sent"
		}
	}
	all := uint32(1)<<percpu.Count() - 1
	for end := timer.Now() + 10*second; answered.Load() != all && timer.Now() < end; {
		x86.ServiceInterrupts()
		x86.Pause()
	}
	if answered.Load() != all {
		return "a CPU does not answer"
	}
	return ""
}

// vectorRegisters is used by checkRegisters only.
const vectorRegisters x86.Vector = 0xf6

// came is not 0 when its interrupt has come.
var came uint32

func meet(*idt.Frame) {
	apic.EOI()
	came = 1
}

// interruptedAsGuest lets interrupts in until came is not 0, or for a while, with a
// guest's registers in place, and tells whether one was changed.
//
//go:noescape
func interruptedAsGuest(came *uint32) (wrong bool)

// checkRegisters has this CPU take an interrupt while the registers are a guest's, as
// they are right behind an exit.
func checkRegisters(cpu *percpu.CPU) (wrong string) {
	idt.SetHandler(vectorRegisters, meet)
	switch {
	case !apic.SendFixed(cpu.APICID, vectorRegisters):
		return "an interrupt is not sent"
	case interruptedAsGuest(&came):
		return "the handler changed a register"
	case came == 0:
		return "the interrupt did not come"
	}
	return ""
}

// checkShootdown asks all the others to flush, and comes back if they did; one
// that does not is a bug which the shootdown reports by itself.
func checkShootdown(cpu *percpu.CPU) (wrong string) {
	others := (uint64(1)<<percpu.Count() - 1) &^ (1 << cpu.ID)
	for range 10 {
		t := shootdown.Ask(&cpu.Locks, others, shootdown.Page(layout.Direct(0x1000)))
		shootdown.Wait(&cpu.Locks, t)
		if !shootdown.Done(&cpu.Locks, t) {
			return "an answer is missing"
		}
	}
	return ""
}

// rangAt is when checkTimer's timer ran.
var rangAt uint64

func ranNow(*lock.Holder, uint64) { rangAt = timer.Now() }

var testTimer timer.Timer

// checkTimer sets a timer: it must not run early, nor late beyond all reason.
func checkTimer(cpu *percpu.CPU) (wrong string) {
	testTimer.Func = ranNow
	rangAt = 0
	deadline := timer.Now() + 2_000_000
	testTimer.Set(&cpu.Locks, deadline)
	for end := deadline + 10*second; rangAt == 0 && timer.Now() < end; {
		x86.ServiceInterrupts()
		x86.Pause()
	}
	switch {
	case rangAt == 0:
		testTimer.Cancel(&cpu.Locks)
		return "it does not run"
	case rangAt < deadline:
		return "it runs early"
	case rangAt > deadline+5*second:
		return "it runs seconds late"
	}
	return ""
}
