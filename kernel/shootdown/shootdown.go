package shootdown

import (
	"sync/atomic"

	"tuco/kernel/klog"
	"tuco/kernel/layout"
	"tuco/kernel/lock"
	"tuco/kernel/trace"
	"tuco/kernel/x86"
)

// Everyone is the mask of all CPUs; those that there are not cost nothing.
const Everyone = 1<<layout.MaxCPUs - 1

// machine is the protocol on this machine.
var machine core[atomic.Uint64, *atomic.Uint64]

// Init says how a CPU drops its own translations, and how another CPU is
// interrupted so that it calls Serve. Once, before any other function; every
// CPU's lock.Holder gets Serve as its Serve.
func Init(flush func(cpu int, r Request), kick func(cpu int)) {
	machine.flush, machine.kick = flush, kick
}

// Serve does what other CPUs ask of this one. The interrupt's handler and
// every spin loop call it; it takes no lock and waits for nobody.
func Serve(h *lock.Holder) {
	if machine.cpus[h.CPU].pending.Load() == 0 {
		return
	}
	h.Flushes++
	who := machine.serve(int(h.CPU))
	trace.Emit(int(h.CPU), trace.FlushServe, trace.NoVCPU, who, 0)
}

// Online makes this CPU answer requests: when it starts, and when it leaves
// idle, before it does anything else.
func Online(h *lock.Holder) { machine.enter(int(h.CPU), running) }

// Idle takes this CPU out: nobody waits for it, until Online. It may take
// interrupts, but must not run a guest.
func Idle(h *lock.Holder) { machine.enter(int(h.CPU), idle) }

// Offline takes this CPU out for good.
func Offline(h *lock.Holder) { machine.enter(int(h.CPU), offline) }

// Flush drops translations on all CPUs of the mask, this one included if it is
// in it, and returns when all have. No lock may be held.
func Flush(h *lock.Holder, mask uint64, r Request) {
	if mask&^(1<<h.CPU)&machine.known.Load() == 0 {
		h.AssertNone() // as where there is somebody to wait for
		if mask != 0 {
			machine.flush(int(h.CPU), r)
		}
		return
	}
	t := Ask(h, mask, r)
	if mask>>h.CPU&1 != 0 {
		machine.flush(int(h.CPU), r)
	}
	Wait(h, t)
}

// Ask starts a flush on the other CPUs of the mask. The translations are gone
// when Wait has returned for the ticket. Until then every request of this CPU's
// flushes everything, so ask once for a range rather than for each page.
func Ask(h *lock.Holder, mask uint64, r Request) Ticket {
	mask &= Everyone &^ (1 << h.CPU)
	t := machine.ask(int(h.CPU), mask, r)
	trace.Emit(int(h.CPU), trace.FlushAsk, trace.NoVCPU, t.cpus, t.stamp)
	return t
}

// Done tells whether Wait would return at once.
func Done(h *lock.Holder, t Ticket) bool { return machine.missing(int(h.CPU), t) == 0 }

// A waiting CPU interrupts the missing ones again after repeatAfter turns of
// its loop, some hundredths of a second, and gives up after so many repetitions.
const (
	repeatAfter = 1 << 22
	giveUpAfter = 256
)

// Wait returns when every CPU that the ticket asked has flushed. No lock may be
// held: a CPU that spins for it would be waited for, and wait.
func Wait(h *lock.Holder, t Ticket) { wait(h, t, repeatAfter) }

func wait(h *lock.Holder, t Ticket, repeat int) {
	h.AssertNone()
	for turn := 1; ; turn++ {
		late := machine.missing(int(h.CPU), t)
		if late == 0 {
			break
		}
		Serve(h)
		x86.Pause()
		if turn%repeat == 0 {
			if turn/repeat == giveUpAfter {
				klog.Bugf("CPUs %x do not answer a TLB flush", klog.X(late))
			}
			for cpu := range layout.MaxCPUs {
				if late>>cpu&1 != 0 {
					machine.kick(cpu)
				}
			}
		}
	}
	trace.Emit(int(h.CPU), trace.FlushDone, trace.NoVCPU, t.cpus, t.stamp)
}
