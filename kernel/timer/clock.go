package timer

import (
	"tuco/kernel/acpi"
	"tuco/kernel/klog"
	"tuco/kernel/x86"
)

const second = 1_000_000_000 // in nanoseconds

// clock is set by Calibrate and constant from then on.
var clock struct {
	hz    uint64 // rate of the time stamp counter
	start uint64 // the counter at time 0
	toNS  Scale
	toTSC Scale
}

// assumedHz is what the counter's rate is taken to be while nothing better is
// known: higher than any, so that delays are too long rather than too short.
const assumedHz = 8_000_000_000

// Hz is the rate of the time stamp counter; 0 before Calibrate.
func Hz() uint64 { return clock.hz }

// Now is the time in nanoseconds since Calibrate.
func Now() uint64 { return clock.toNS.Apply(x86.RDTSC() - clock.start) }

// FromTSC is the time at a value of the time stamp counter.
func FromTSC(tsc uint64) uint64 { return clock.toNS.Apply(tsc - clock.start) }

// atTSC is the first value of the time stamp counter at which Now has reached ns.
func atTSC(ns uint64) uint64 {
	ticks := clock.toTSC.Apply(ns)
	if ticks > ^uint64(0)-clock.start-2 {
		return ^uint64(0)
	}
	return clock.start + ticks + 2 // both conversions round down
}

// Delay spins for at least this many nanoseconds. It needs no interrupt; before
// Calibrate it waits longer than asked.
func Delay(ns uint64) {
	hz := clock.hz
	if hz == 0 {
		hz = assumedHz
	}
	ticks, start := NewScale(hz, second).Apply(ns)+1, x86.RDTSC()
	for x86.RDTSC()-start < ticks {
		x86.Pause()
	}
}

func setClock(hz uint64) {
	clock.hz = hz
	clock.start = x86.RDTSC()
	clock.toNS = NewScale(second, hz)
	clock.toTSC = NewScale(hz, second)
}

// Calibrate measures the time stamp counter's rate and starts the clock. r is
// the ACPI timer, of so many bits; it is passed over if it is not an I/O port.
// Once, on the first CPU. It takes some 15 ms and logs the result.
func Calibrate(r acpi.Register, bits uint8) {
	hz, source := measureTSC(r, bits)
	if hz == 0 {
		hz, source = assumedHz, "assumed"
		klog.Warnf("no clock to measure the time stamp counter by: all times will be wrong")
	}
	setClock(hz)
	klog.Infof("clock: time stamp counter at %d.%d MHz (%s)", klog.U(hz/1_000_000), klog.D6(hz%1_000_000), klog.S(source))
}

// windowsPerSecond makes a measurement 15 ms long.
const windowsPerSecond = 66

func measureTSC(r acpi.Register, bits uint8) (hz uint64, source string) {
	measured := rate{}
	if r.Exists() && r.Space == acpi.SpaceIO && bits <= 32 {
		pm = uint16(r.Addr)
		source = "by the ACPI timer"
		m := meter{tsc: x86.RDTSC, read: readPM, mask: uint32(1<<bits - 1), ticks: pmHz / windowsPerSecond}
		measured = m.tscRate(pmHz)
	}
	if !measured.valid() {
		source = "by the PIT"
		startPIT()
		m := meter{tsc: x86.RDTSC, read: readPIT, mask: 1<<16 - 1, ticks: pitHz / windowsPerSecond}
		measured = m.tscRate(pitHz)
	}
	told := toldByCPUID()
	if told != 0 && (!measured.valid() || measured.near(told)) {
		return told, "by CPUID"
	}
	if !measured.valid() {
		return 0, ""
	}
	return measured.roundest(), source
}

// toldByCPUID is the counter's rate as the CPU states it, or 0. An emulator may
// repeat what the CPU it models says, and run at another rate.
func toldByCPUID() uint64 {
	top, _, _, _ := x86.CPUID(0, 0)
	if top < 0x15 {
		return 0
	}
	den, num, crystal, _ := x86.CPUID(0x15, 0)
	if den == 0 || num == 0 {
		return 0
	}
	if crystal != 0 {
		return NewScale(uint64(num), uint64(den)).Apply(uint64(crystal))
	}
	if top < 0x16 {
		return 0
	}
	base, _, _, _ := x86.CPUID(0x16, 0)
	return uint64(base&0xffff) * 1_000_000
}
