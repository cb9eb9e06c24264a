package clock

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

func setPeriodic(vcpu uint32, period uint64) uint64 {
	arg := hypercall.VCPUSetPeriodicTimer{PeriodNS: period}
	return pv.VCPUOp(hypercall.VCPUOP_set_periodic_timer, vcpu, &arg)
}

func stopPeriodic(vcpu uint32) uint64 {
	return pv.VCPUOp[byte](hypercall.VCPUOP_stop_periodic_timer, vcpu, nil)
}

var ticks uint64

func tick(*pv.Frame) {
	pv.TakeEvents(func(hypercall.Port) { ticks++ })
}

// periodic counts the ticks of a second in which the vCPU runs: one that sleeps is not woken.
func periodic(t *pv.T) {
	const period, want = 10 * pv.Millisecond, 100
	p := bindTimer()
	pv.OnTrap(pv.Event, tick)
	ticks = 0
	pv.Unmask(p)
	start := pv.Now()
	t.OK("set", setPeriodic(0, period))
	pv.This().Info.EvtchnUpcallMask = 0
	pv.Spin(start + pv.Second)
	pv.MaskUpcalls()
	t.Check(ticks >= want-1 && ticks <= want+1, "%d ticks in a second", ticks)

	t.OK("set another", setPeriodic(0, pv.Millisecond))
	ticks = 0
	start = pv.Now()
	pv.This().Info.EvtchnUpcallMask = 0
	pv.Spin(start + 100*pv.Millisecond)
	pv.MaskUpcalls()
	t.Check(ticks >= want-5 && ticks <= want+1, "%d ticks in 100 ms", ticks)

	t.OK("stop", stopPeriodic(0))
	pv.ForgetEvents()
	pv.Mask(p)
	pv.Spin(pv.Now() + 3*period)
	t.Check(!pv.Pending(p), "a timer that was stopped ticks")
	pv.OnTrap(pv.Event, nil)
	closeTimer(p)
}

func periodicRefused(t *pv.T) {
	for _, period := range [...]uint64{0, 1, pv.Millisecond - 1, 1 << 63, ^uint64(0)} {
		t.Errno("a period that makes no sense", setPeriodic(0, period), hypercall.EINVAL)
	}
	t.Errno("a vCPU that does not exist", setPeriodic(noVCPU, pv.Second), hypercall.ENOENT)
	t.Errno("stop one of a vCPU that does not exist", stopPeriodic(noVCPU), hypercall.ENOENT)
	for _, bad := range pv.BadAddresses {
		t.Errno("an argument where nothing is", pv.VCPUOp(hypercall.VCPUOP_set_periodic_timer, 0, pv.At[byte](bad)), hypercall.EFAULT)
	}
	t.OK("stop one that is not set", stopPeriodic(0))
}
