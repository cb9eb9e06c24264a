package machine

import (
	"math/bits"
	"sync/atomic"

	"tuco/kernel/domain"
	"tuco/kernel/layout"
	"tuco/kernel/lock"
	"tuco/kernel/timer"
)

// cpu is what a CPU has of its own here.
type cpu struct {
	// current is the vCPU that is loaded; only the CPU itself uses it.
	current *domain.VCPU
	// pick tells the CPU to ask the scheduler.
	pick atomic.Bool
	// rounds counts how often the CPU has asked the scheduler.
	rounds atomic.Uint32
	// writeBack tells it to write back its caches; it clears the word when it has.
	writeBack atomic.Bool
	// idled is how many ticks it had nothing to run. The CPU itself writes it.
	idled atomic.Uint64
	// slice ends what the scheduler has decided.
	slice timer.Timer
	_     [64]byte
}

var cpus [layout.MaxCPUs]cpu

// interrupt makes a CPU leave its guest, or its sleep, and look around.
var interrupt func(cpu int)

// SetInterrupt says how a CPU is interrupted; the handler there calls Interrupted.
func SetInterrupt(f func(cpu int)) { interrupt = f }

// Current is the vCPU that this CPU has loaded, or nil.
func Current(h *lock.Holder) *domain.VCPU { return cpus[h.CPU].current }

// SetCurrent notes which vCPU this CPU has loaded.
func SetCurrent(h *lock.Holder, v *domain.VCPU) { cpus[h.CPU].current = v }

// Kick makes the CPUs of a mask ask the scheduler.
func Kick(h *lock.Holder, mask uint64) {
	for ; mask != 0; mask &= mask - 1 {
		c := bits.TrailingZeros64(mask)
		cpus[c].pick.Store(true) // before the interrupt that makes the CPU look
		if uint32(c) == h.CPU {
			leave(h)
		} else {
			interrupt(c)
		}
	}
}

// KickIdle makes a CPU that has nothing to run ask the scheduler; false if there is
// none.
func KickIdle(h *lock.Holder) bool {
	idle := Scheduler.Idle()
	Kick(h, idle&-idle)
	return idle != 0
}

// Interrupted is called by the interrupt's handler.
func Interrupted(h *lock.Holder) {
	writeBackAsked(h)
	if cpus[h.CPU].pick.Load() {
		leave(h)
	}
}

// leave ends the exit loop of the vCPU that this CPU has loaded.
func leave(h *lock.Holder) {
	if v := cpus[h.CPU].current; v != nil {
		v.Leave = true
	}
}

// TakePick tells whether this CPU was asked to call the scheduler, and forgets it.
func TakePick(h *lock.Holder) bool { return cpus[h.CPU].pick.Swap(false) }

// SetSlice makes this CPU ask the scheduler at a system time; sched.Never is
// never.
func SetSlice(h *lock.Holder, at uint64) {
	t := &cpus[h.CPU].slice
	if at == never {
		t.Cancel(h)
		return
	}
	t.Func = sliceOver
	t.Set(h, hostTime(at))
}

func sliceOver(h *lock.Holder, _ uint64) {
	cpus[h.CPU].pick.Store(true)
	leave(h)
}

// Picked tells whether this CPU was asked to call the scheduler.
func Picked(h *lock.Holder) bool { return cpus[h.CPU].pick.Load() }

// AddIdle notes that this CPU has had nothing to run for some ticks.
func AddIdle(h *lock.Holder, ticks uint64) { cpus[h.CPU].idled.Add(ticks) }

// Idled is how many ticks CPUs have had nothing to run, all together.
func Idled() (ticks uint64) {
	for i := range cpus {
		ticks += cpus[i].idled.Load()
	}
	return ticks
}
