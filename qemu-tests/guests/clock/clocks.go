package clock

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// monotonic reads the clock over and over, with calls, waits and timers in between.
func monotonic(t *pv.T) {
	last := pv.Now()
	start := last
	for i := range 100_000 {
		now := pv.Now()
		if !t.Check(now >= last, "%d ns after %d ns", now, last) {
			return
		}
		last = now
		switch {
		case i%10_000 == 0:
			until := now + pv.Millisecond
			pv.Sleep(until)
			t.Since("sleep ended", until)
		case i%1000 == 0:
			pv.SchedOp[byte](hypercall.SCHEDOP_yield, nil)
		}
	}
	t.Check(last > start, "the clock stands still")
}

// version looks at the clock's fields.
func version(t *pv.T) {
	info := &pv.This().Info.Time
	t.Equal("lowest bit of the version", uint64(info.Version&1), 0)
	t.Check(info.Version > 0, "the clock has never been set")
	t.Check(info.TSCToSystemMul != 0, "the clock's multiplier is 0")
	t.Check(info.TSCTimestamp <= pv.TSC(), "the clock was set in the future")
	t.Check(info.SystemTime <= pv.Now(), "the system time has gone back")

	// A millisecond of the hypervisor's is one of this clock's: the timer counts the first, and the TSC the second.
	tsc, now := pv.TSC(), pv.Now()
	pv.Sleep(now + 20*pv.Millisecond)
	elapsed := pv.ClockAt(info, pv.TSC()) - pv.ClockAt(info, tsc)
	t.Check(elapsed >= 20*pv.Millisecond && elapsed < 20*pv.Millisecond+pv.Late, "20 ms took %d ns by the TSC", elapsed)
}

var copyOfTime hypercall.VCPUTimeInfo

// area has the hypervisor keep a second copy of the clock.
func area(t *pv.T) {
	arg := hypercall.VCPURegisterTimeMemoryArea{Addr: hypercall.Handle[hypercall.VCPUTimeInfo](pv.Address(&copyOfTime))}
	t.OK("register", pv.VCPUOp(hypercall.VCPUOP_register_vcpu_time_memory_area, 0, &arg))
	for range 20 {
		pv.Sleep(pv.Now() + pv.Millisecond)
		before := pv.Now()
		now := pv.Clock(&copyOfTime)
		after := pv.Now()
		t.Check(before <= now && now <= after, "the copy shows %d ns, the clock %d ns", now, before)
	}
	for _, bad := range pv.BadAddresses {
		t.Errno("an argument where nothing is", pv.VCPUOp(hypercall.VCPUOP_register_vcpu_time_memory_area, 0, pv.At[byte](bad)), hypercall.EFAULT)
	}
	arg.Addr = 0xffff_8300_0000_0000
	t.Errno("an area of the hypervisor's", pv.VCPUOp(hypercall.VCPUOP_register_vcpu_time_memory_area, 0, &arg), hypercall.EFAULT)
	t.Errno("a vCPU that does not exist", pv.VCPUOp(hypercall.VCPUOP_register_vcpu_time_memory_area, noVCPU, &arg), hypercall.ENOENT)
	arg.Addr = 0
	t.OK("none", pv.VCPUOp(hypercall.VCPUOP_register_vcpu_time_memory_area, 0, &arg))
}

// Some seconds since 1970.
const (
	year2020 = 1_577_836_800
	year2100 = 4_102_444_800
)

// wallClock is the seconds and nanoseconds since 1970 of when the system time was 0.
func wallClock() (seconds uint64, nanoseconds uint32) {
	s := pv.Shared()
	return uint64(s.WcSecHi)<<32 | uint64(s.WcSec), s.WcNsec
}

func wall(t *pv.T) {
	t.Equal("lowest bit of the version", uint64(pv.Shared().WcVersion&1), 0)
	seconds, nanoseconds := wallClock()
	now := seconds + pv.Now()/pv.Second
	t.Check(now >= year2020 && now < year2100, "%d seconds since 1970", now)
	t.Check(nanoseconds < pv.Second, "%d ns in a second", uint64(nanoseconds))
}

// setWall sets the machine's wall clock, as domain 0 may.
func setWall(t *pv.T) {
	seconds, nanoseconds := wallClock()
	version := pv.Shared().WcVersion
	set := func(seconds uint64, nanoseconds, mbz uint32, at uint64) uint64 {
		op := hypercall.XenPlatformOp{Cmd: hypercall.XENPF_settime64, InterfaceVersion: hypercall.XENPF_INTERFACE_VERSION}
		*pv.At[hypercall.XenPFSettime64](pv.Address(&op.U)) = hypercall.XenPFSettime64{
			Secs: seconds, Nsecs: nanoseconds, MBZ: mbz, SystemTime: at,
		}
		return pv.Call(hypercall.HYPERVISOR_platform_op, pv.Address(&op), 0, 0, 0, 0)
	}
	if !pv.Domain0() {
		t.Errno("by a domain that may not", set(seconds, nanoseconds, 0, 0), hypercall.EPERM)
		return
	}
	// 100.25 s after the year 2020 began the system time was 40.75 s, so it was 0 at 59.5 s.
	t.OK("set", set(year2020+100, 250*pv.Millisecond, 0, 40*pv.Second+750*pv.Millisecond))
	s, ns := wallClock()
	t.Equal("seconds", s, year2020+59)
	t.Equal("nanoseconds", uint64(ns), 500*pv.Millisecond)
	t.Check(pv.Shared().WcVersion > version && pv.Shared().WcVersion%2 == 0, "the version went from %d to %d", uint64(version), uint64(pv.Shared().WcVersion))
	t.Errno("set, with a field that must be 0", set(year2020, 0, 1, 0), hypercall.EINVAL)
	t.OK("set as it was", set(seconds, nanoseconds, 0, 0))
	s, ns = wallClock()
	t.Check(s == seconds && ns == nanoseconds, "%d s, %d ns", s, uint64(ns))
}
