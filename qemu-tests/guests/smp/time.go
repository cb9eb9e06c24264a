package smp

import (
	"sync/atomic"

	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

var rang struct{ asked, at, pending uint64 }

// useTimer sets this vCPU's timer and waits for it.
func useTimer() {
	p := pv.BindTimer()
	pv.Mask(p)
	rang.asked = pv.Now() + 5*pv.Millisecond
	pv.SetTimer(rang.asked)
	pv.Need("poll", pv.Poll(rang.asked+10*pv.Late, p))
	rang.at = pv.Now()
	rang.pending = 0
	if pv.Pending(p) {
		rang.pending = 1
	}
	pv.ClearPending(p)
	pv.Unmask(p)
	pv.Close(p)
}

// apart is how far clocks may be that don't say that they agree: a vCPU may change between processors.
const apart = 50 * pv.Millisecond

// timers has each vCPU use its own.
func timers(t *pv.T) {
	if !enough(t, 2) {
		return
	}
	for id := uint32(1); id < pv.CPUs(); id++ {
		pv.Do(id, useTimer)
		t.Equal("pending", rang.pending, 1)
		t.Check(rang.at+apart >= rang.asked && rang.at < rang.asked+pv.Late, "a timer set to %d ns rang at %d ns", rang.asked, rang.at)
	}
}

var periodicPort hypercall.Port

var periodicTicks uint64

// enoughTicks is how many countTicks waits for.
const enoughTicks = 5

func countTicks() {
	periodicTicks = 0
	for until := pv.Now() + 10*pv.Second; periodicTicks < enoughTicks && pv.Now() < until; {
		countTick()
	}
}

func countTick() {
	if pv.Pending(periodicPort) {
		pv.ClearPending(periodicPort)
		periodicTicks++
	}
}

func countNoTicks() {
	periodicTicks = 0
	for until := pv.Now() + 30*pv.Millisecond; pv.Now() < until; {
		countTick()
	}
}

// timersOfOthers sets timers of vCPU 1 here: the periodic one, which is allowed.
func timersOfOthers(t *pv.T) {
	if !enough(t, 2) {
		return
	}
	single := hypercall.VCPUSetSingleshotTimer{TimeoutAbsNS: pv.Now()}
	t.Errno("set another's one-shot timer", pv.VCPUOp(hypercall.VCPUOP_set_singleshot_timer, 1, &single), hypercall.EINVAL)
	t.Errno("stop another's one-shot timer", vcpuOp(hypercall.VCPUOP_stop_singleshot_timer, 1), hypercall.EINVAL)
	periodicPort = pv.BindVIRQ(hypercall.VIRQ_TIMER, 1)
	pv.Mask(periodicPort)
	period := hypercall.VCPUSetPeriodicTimer{PeriodNS: 5 * pv.Millisecond}
	t.OK("set another's periodic timer", pv.VCPUOp(hypercall.VCPUOP_set_periodic_timer, 1, &period))
	pv.Do(1, countTicks)
	t.Equal("ticks", periodicTicks, enoughTicks)
	t.OK("stop another's periodic timer", vcpuOp(hypercall.VCPUOP_stop_periodic_timer, 1))
	pv.ClearPending(periodicPort)
	pv.Do(1, countNoTicks)
	t.Equal("ticks of a timer that was stopped", periodicTicks, 0)
	pv.Unmask(periodicPort)
	pv.Close(periodicPort)
}

// latest is the highest time that anybody has seen; early counts those who then saw a lower one.
var latest, early atomic.Uint64

func watchClock() {
	for range 20_000 {
		seen := latest.Load()
		now := pv.Now()
		if now < seen {
			early.Add(1)
		}
		latest.CompareAndSwap(seen, max(now, seen))
	}
}

// clocks compares the vCPUs' clocks: if they say that they agree, none is behind what another has shown.
func clocks(t *pv.T) {
	if !enough(t, 2) {
		return
	}
	n := pv.CPUs()
	latest.Store(0)
	early.Store(0)
	for id := uint32(1); id < n; id++ {
		pv.Go(id, watchClock)
	}
	watchClock()
	for id := uint32(1); id < n; id++ {
		t.Check(pv.Await(id), "vCPU %d does not come to an end", uint64(id))
	}
	for id := range n {
		if pv.InfoOf(id).Time.Flags&hypercall.XEN_PVCLOCK_TSC_STABLE_BIT == 0 {
			t.Skip("the clocks don't say that they agree")
			return
		}
	}
	t.Equal("times that went back", early.Load(), 0)
}

// account is an area that the hypervisor keeps up to date for vCPU 1.
var account hypercall.VCPURunstateInfo

// runstate looks at another vCPU's.
func runstate(t *pv.T) {
	if !enough(t, 2) {
		return
	}
	arg := hypercall.VCPURegisterRunstateMemoryArea{Addr: hypercall.Handle[hypercall.VCPURunstateInfo](pv.Address(&account))}
	t.OK("register another's area", pv.VCPUOp(hypercall.VCPUOP_register_runstate_memory_area, 1, &arg))
	stop.Store(0)
	pv.Go(1, count)
	requireCounting(t, true)
	var first, second hypercall.VCPURunstateInfo
	t.OK("get", pv.VCPUOp(hypercall.VCPUOP_get_runstate_info, 1, &first))
	t.Check(first.State == hypercall.RUNSTATE_running || first.State == hypercall.RUNSTATE_runnable, "the vCPU counts, and its state is %d", uint64(first.State))
	pv.Sleep(pv.Now() + 20*pv.Millisecond)
	t.OK("get", pv.VCPUOp(hypercall.VCPUOP_get_runstate_info, 1, &second))
	ran := second.Time[hypercall.RUNSTATE_running] - first.Time[hypercall.RUNSTATE_running]
	t.Check(ran >= pv.Millisecond, "the vCPU ran for %d ns of 20 ms", ran)
	t.Equal("blocked while it counts", second.Time[hypercall.RUNSTATE_blocked], first.Time[hypercall.RUNSTATE_blocked])
	stop.Store(1)
	t.Check(pv.Await(1), "vCPU 1 does not stop")
	// Now it blocks, and wakes, over and over.
	last := second.Time[hypercall.RUNSTATE_blocked]
	for until := pv.Now() + 5*pv.Second; account.Time[hypercall.RUNSTATE_blocked] <= last && pv.Now() < until; {
		pv.Sleep(pv.Now() + pv.Millisecond)
	}
	t.Check(account.Time[hypercall.RUNSTATE_blocked] > last, "the area still has %d ns blocked", account.Time[hypercall.RUNSTATE_blocked])
	arg.Addr = 0
	t.OK("register none", pv.VCPUOp(hypercall.VCPUOP_register_runstate_memory_area, 1, &arg))
}
