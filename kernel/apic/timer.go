package apic

import "tuco/kernel/x86"

// HasDeadline tells whether the local APIC's timer can wait for a value of the
// time stamp counter.
func HasDeadline() bool {
	_, _, ecx, _ := x86.CPUID(1, 0)
	return ecx>>24&1 != 0
}

// TimerSetup chooses the vector of this CPU's timer and how it is started: by
// TimerDeadline or by TimerStart. Nothing runs yet.
func TimerSetup(vector x86.Vector, deadline bool) {
	lapic.write(regInitial, 0)
	if deadline {
		lapic.write(regTimer, lvtDeadline|uint32(vector))
		// The mode must be in force before the first deadline is written.
		x86.Fence()
		return
	}
	lapic.write(regDivide, divideBy1)
	lapic.write(regTimer, lvtOneShot|uint32(vector))
}

// TimerStart makes the timer interrupt once after this many ticks; 0 stops it.
func TimerStart(ticks uint32) { lapic.write(regInitial, ticks) }

// TimerLeft is how many ticks are left.
func TimerLeft() uint32 { return lapic.read(regCurrent) }

// TimerDeadline makes the timer interrupt once when the time stamp counter
// reaches tsc, or now if it has; 0 stops it.
func TimerDeadline(tsc uint64) { x86.WRMSR(x86.MSRTSCDeadline, tsc) }
