package clock

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// wait is how long tests wait.
const wait = 5 * pv.Millisecond

// bindTimer is a port for VIRQ_TIMER, masked, with no upcalls.
func bindTimer() hypercall.Port {
	pv.MaskUpcalls()
	p := pv.BindTimer()
	pv.Mask(p)
	return p
}

func closeTimer(p hypercall.Port) {
	pv.Close(p)
	pv.Shared().EvtchnMask[p/64] &^= 1 << (p % 64)
	pv.ForgetEvents()
}

// requireRing waits for a timer to ring, at a time.
func requireRing(t *pv.T, what string, p hypercall.Port, at uint64) {
	pv.Need("poll", pv.Poll(at+10*pv.Late, p))
	t.Check(pv.Pending(p), what)
	t.Since("the timer rang", at)
	pv.ClearPending(p)
}

// requireQuiet requires no timer to ring for some time.
func requireQuiet(t *pv.T, what string, p hypercall.Port) {
	pv.Need("poll", pv.Poll(pv.Now()+3*wait, p))
	t.Check(!pv.Pending(p), what)
	pv.ClearPending(p)
}

// firstTimer requires a timer to tick, from the start, every 10 ms.
func firstTimer(t *pv.T) {
	pv.MaskUpcalls()
	p := pv.BindVIRQ(hypercall.VIRQ_TIMER, 0)
	pv.Mask(p)
	start, n := pv.Now(), uint64(0)
	for pv.Now() < start+100*pv.Millisecond {
		if pv.Pending(p) {
			pv.ClearPending(p)
			n++
		}
	}
	t.Check(n >= 8 && n <= 11, "%d ticks in 100 ms", n)
	pv.Need("stop_periodic_timer", stopPeriodic(0))
	pv.ClearPending(p)
	pv.Spin(pv.Now() + 30*pv.Millisecond)
	t.Check(!pv.Pending(p), "a timer that was stopped ticks")
	closeTimer(p)
}

func timer(t *pv.T) {
	p := bindTimer()
	for i := range uint64(10) {
		at := pv.Now() + i*pv.Millisecond
		pv.SetTimer(at)
		requireRing(t, "set_timer_op did not ring", p, at)
	}
	requireQuiet(t, "the timer rang twice", p)
	pv.SetTimer(pv.Now() + wait)
	pv.SetTimer(0)
	requireQuiet(t, "a timer that was stopped rang", p)
	// It rings while the vCPU runs, too.
	at := pv.Now() + wait
	pv.SetTimer(at)
	for pv.Now() < at+pv.Late && !pv.Pending(p) {
	}
	requireRing(t, "the timer did not ring while the vCPU ran", p, at)
	closeTimer(p)
}

// timerPast sets times that have passed: the timer rings at once.
func timerPast(t *pv.T) {
	p := bindTimer()
	for _, at := range [...]uint64{1, pv.Now() / 2, pv.Now()} {
		now := pv.Now()
		pv.SetTimer(at)
		requireRing(t, "a timer that was set to the past did not ring", p, now)
	}
	closeTimer(p)
	// Nobody listens: what rang is not kept.
	pv.SetTimer(1)
	pv.Sleep(pv.Now() + pv.Millisecond)
	p = bindTimer()
	requireQuiet(t, "a timer rang that had rung before", p)
	closeTimer(p)
}

// timerAbsurd sets times that make no sense: the hypervisor takes that for a kernel whose count has wrapped, and which
// has something to do.
func timerAbsurd(t *pv.T) {
	p := bindTimer()
	for _, at := range [...]uint64{1 << 63, ^uint64(0), 1 << 62} {
		now := pv.Now()
		pv.SetTimer(at)
		requireRing(t, "a timer that was set to an absurd time did not ring", p, now+100*pv.Millisecond)
	}
	closeTimer(p)
}

// timerReplaced sets the timer while it is set.
func timerReplaced(t *pv.T) {
	p := bindTimer()
	now := pv.Now()
	pv.SetTimer(now + wait)
	pv.SetTimer(now + 3*wait)
	requireRing(t, "the timer did not ring", p, now+3*wait)
	now = pv.Now()
	pv.SetTimer(now + 100*pv.Late)
	pv.SetTimer(now + wait)
	requireRing(t, "the timer did not ring", p, now+wait)
	// It is the same timer as that of vcpu_op.
	now = pv.Now()
	pv.SetTimer(now + wait)
	pv.Need("set_singleshot_timer", setSingleshot(0, now+3*wait, 0))
	requireRing(t, "the timer did not ring", p, now+3*wait)
	requireQuiet(t, "the timer rang twice", p)
	closeTimer(p)
}

func setSingleshot(vcpu uint32, at uint64, flags uint32) uint64 {
	arg := hypercall.VCPUSetSingleshotTimer{TimeoutAbsNS: at, Flags: flags}
	return pv.VCPUOp(hypercall.VCPUOP_set_singleshot_timer, vcpu, &arg)
}

func stopSingleshot(vcpu uint32) uint64 {
	return pv.VCPUOp[byte](hypercall.VCPUOP_stop_singleshot_timer, vcpu, nil)
}

func singleshot(t *pv.T) {
	p := bindTimer()
	for _, flags := range [...]uint32{0, hypercall.VCPU_SSHOTTMR_future} {
		at := pv.Now() + wait
		t.OK("set", setSingleshot(0, at, flags))
		requireRing(t, "set_singleshot_timer did not ring", p, at)
		requireQuiet(t, "the timer rang twice", p)
		t.OK("set", setSingleshot(0, pv.Now()+wait, flags))
		t.OK("stop", stopSingleshot(0))
		requireQuiet(t, "a timer that was stopped rang", p)
	}
	now := pv.Now()
	t.OK("a time that has passed", setSingleshot(0, now/2, 0))
	requireRing(t, "a timer that was set to the past did not ring", p, now)
	// Xen takes no notice of the flag, as the interface allows.
	now = pv.Now()
	result := setSingleshot(0, now/2, hypercall.VCPU_SSHOTTMR_future)
	if pv.OnTuco() {
		t.Errno("a time that has to be in the future", result, hypercall.ETIME)
		requireQuiet(t, "a timer that was refused rang", p)
	} else {
		t.OK("a time that has to be in the future", result)
		requireRing(t, "a timer that was set to the past did not ring", p, now)
	}
	closeTimer(p)
}

func singleshotRefused(t *pv.T) {
	now := pv.Now()
	t.Errno("a vCPU that does not exist", setSingleshot(noVCPU, now, 0), hypercall.ENOENT)
	t.Errno("stop one of a vCPU that does not exist", stopSingleshot(noVCPU), hypercall.ENOENT)
	for _, bad := range pv.BadAddresses {
		t.Errno("an argument where nothing is", pv.VCPUOp(hypercall.VCPUOP_set_singleshot_timer, 0, pv.At[byte](bad)), hypercall.EFAULT)
	}
	t.OK("stop one that is not set", stopSingleshot(0))
}
