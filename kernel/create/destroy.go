package create

import (
	"sync/atomic"

	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/klog"
	"tuco/kernel/lock"
	"tuco/kernel/machine"
	"tuco/kernel/mm"
	"tuco/kernel/pv"
)

// A domain that has shut down is taken apart in steps, by whichever CPU asks the
// scheduler next, so that nobody waits for it longer than a step takes: first
// what others can reach it by (its timers and event channels), then what it
// holds of its own frames beside its tables, then its memory, and last, after a
// while, the records of it.

// steps of a domain's end, in order.
const (
	stepStop     = iota // vCPUs leave their CPUs
	stepChannels        // event channels are closed
	stepTables          // descriptor tables and shared pages are let go
	stepMemory          // page tables and frames
	stepWait            // nobody finds it any more; those who have found it finish
	stepRecords         // the hypervisor's own memory of it
)

// reaping is the domain's state while it is taken apart, by number.
var reaping [machine.MaxDomains]struct {
	busy atomic.Bool // a CPU is at it
	step int
	end  uint64 // of stepWait, system time
}

// grace is how long a domain's records outlive it, in nanoseconds: many times as
// long as any CPU is in the hypervisor for one call.
const grace = 100_000_000

// channelsAtOnce is how many event channels one step closes.
const channelsAtOnce = 64

// Reap goes on with taking apart the domains that have ended. It returns
// whether there is more to do at once.
func Reap(h *lock.Holder) (more bool) {
	if machine.Ended.Load() == 0 {
		return false
	}
	for id := range domain.ID(machine.MaxDomains) {
		if machine.Ended.Load()>>id&1 == 0 || reaping[id].busy.Swap(true) {
			continue
		}
		if d := machine.Dead(id); d != nil {
			more = reap(h, d) || more
		}
		reaping[id].busy.Store(false)
	}
	return more
}

// reap does a step.
func reap(h *lock.Holder, d *domain.Domain) (more bool) {
	r := &reaping[d.ID]
	switch r.step {
	case stepStop:
		for _, v := range d.VCPUs() {
			if v.Entity.OnCPU() {
				return false // its CPU comes here when it has left
			}
		}
		for _, v := range d.VCPUs() {
			v.Timers.StopSingle(h)
			v.Timers.StopPeriodic(h)
			v.Timers.StopPoll(h)
		}
		d.Watchdogs.Stop(h)
	case stepChannels:
		if !d.Events.Destroy(h, channelsAtOnce) {
			return true
		}
	case stepTables:
		for _, v := range d.VCPUs() {
			pv.DropTables(h, v)
			if v.InfoFrame != frame.NoMFN {
				machine.Unshare(h, d, v.InfoFrame)
			}
		}
		machine.Unshare(h, d, d.SharedFrame)
		for _, m := range d.Grants.Frames() {
			machine.Unshare(h, d, m)
		}
	case stepMemory:
		var c mm.Call
		machine.Begin(h, d, &c)
		end := frame.MFN(len(machine.M2P))
		if machine.Settle(h, d, &c, d.Memory.Destroy(&c, end)) {
			return true
		}
		if n := d.Pages.Load(); n != 0 {
			klog.Warnf("domain %d: %d frames are still in use elsewhere", klog.D(d.ID), klog.D(n))
		}
		machine.Withdraw(d)
		r.end = machine.Now() + grace
	case stepWait:
		if machine.Now() < r.end {
			return true
		}
	case stepRecords:
		for _, v := range d.VCPUs() {
			machine.Scheduler.Remove(h, &v.Entity)
			pv.FreeVCPU(h, v)
		}
		areas[d.ID].Free(h, d)
		d.Events.Free(h)
		klog.Infof("domain %d: gone", klog.D(d.ID))
		r.step = stepStop
		machine.FreeDomain(h, d)
		return false
	}
	r.step++
	return true
}
