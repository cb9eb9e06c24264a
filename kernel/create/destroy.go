package create

import (
	"math/bits"
	"sync/atomic"

	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/klog"
	"tuco/kernel/lock"
	"tuco/kernel/machine"
	"tuco/kernel/mm"
	"tuco/kernel/pv"
)

// A domain that has ended is taken apart in steps, by whichever CPU asks the
// scheduler next, so that nobody waits for it longer than a step takes. First
// nobody finds it any more, and those who have found it finish; what follows has
// it alone, but for frames of it that others hold.
const (
	stepStop     = iota // its vCPUs leave their CPUs, and its timers are stopped
	stepGrace           // whoever has found it finishes
	stepChannels        // event channels are closed
	stepTables          // descriptor tables and shared pages are let go
	stepMemory          // page tables and frames, and then devices' memory
	stepGrants          // others' grants are let go
	stepOthers          // others let go of its frames
	stepRecords         // the hypervisor's own memory of it
)

// end is how far a domain's end has come. It belongs to the CPU that made calls
// not 0.
type end struct {
	calls atomic.Uint32 // how many CPUs want it to go on
	step  int
	grace machine.Grace
	vcpu  int // of stepTables
	page  int // of stepGrants
	// others: all that is left is for others to let go of its frames.
	others atomic.Bool
}

var ends [machine.MaxDomains]end

// Help goes on with the end of a domain that is being taken apart, for whoever wants it to be
// over soon, by a step. It returns whether the domain only waits for others now.
func Help(h *lock.Holder, id domain.ID) (others bool) {
	if reap(h, id) {
		machine.Reschedule(h) // a CPU that came meanwhile has left it to this one, and nobody need ask again
	}
	return ends[id].others.Load()
}

// channelsAtOnce is how many event channels one step closes.
const channelsAtOnce = 64

// Reap goes on with taking apart the domains that have ended, each by a step. It
// returns whether there is more to do at once: then the caller sees to it that a
// CPU calls it again.
func Reap(h *lock.Holder) (more bool) {
	for left := machine.Ended.Load(); left != 0; left &= left - 1 {
		more = reap(h, domain.ID(bits.TrailingZeros64(left))) || more
	}
	return more
}

// reap lets one CPU go on. It looks again for those who came meanwhile: what they
// came for may be what it has just missed.
func reap(h *lock.Holder, id domain.ID) (more bool) {
	e := &ends[id]
	if e.calls.Add(1) != 1 {
		return false
	}
	for {
		calls := e.calls.Load()
		if e.advance(h, id) {
			e.calls.Store(0)
			return true
		}
		if e.calls.CompareAndSwap(calls, 0) {
			return false
		}
	}
}

// advance makes a step, if its time has come, and tells whether it did. If not,
// what is waited for makes a CPU call again.
func (e *end) advance(h *lock.Holder, id domain.ID) bool {
	if machine.Ended.Load()>>id&1 == 0 {
		return false // it is gone, and the number perhaps another's
	}
	d := machine.Owner(id)
	switch e.step {
	case stepStop:
		if !stopped(h, d) {
			return false // the vCPU's CPU calls when it has left
		}
		machine.Withdraw(d)
		e.grace.Begin(h)
	case stepGrace:
		if !e.grace.Over() {
			return false // the last CPU calls in the round that ends it
		}
		pv.DropPorts(h, id)
	case stepChannels:
		if !d.Events.Destroy(h, channelsAtOnce) {
			return true
		}
	case stepTables:
		if vcpus := d.VCPUs(); e.vcpu < len(vcpus) {
			dropTables(h, d, vcpus[e.vcpu])
			e.vcpu++
			return true
		}
		unshare(h, d)
	case stepMemory:
		var c mm.Call
		machine.Begin(h, d, &c)
		if machine.Settle(h, d, &c, d.Memory.Destroy(&c, machine.RAMEnd)) {
			return true
		}
		machine.DropDevices(h, d)
	case stepGrants:
		if e.page < len(d.Mappings.Pages()) {
			machine.EndMappings(h, d, e.page)
			e.page++
			return true
		}
	case stepOthers:
		if n := d.Pages.Load(); n != 0 {
			e.tell(d, n)
			return false // the CPU that frees the last one calls
		}
	case stepRecords:
		e.step, e.vcpu, e.page = stepStop, 0, 0
		e.others.Store(false)
		free(h, d)
		klog.Infof("domain %d: gone; %s of memory are free", klog.D(id), klog.Size(freePages(h)*frame.PageSize))
		machine.TellControl(h, id)
		return true
	}
	e.step++
	return true
}

// stopped tells whether no vCPU is on a CPU any more, and then stops what would
// make them runnable.
func stopped(h *lock.Holder, d *domain.Domain) bool {
	if !machine.Stopped(d) {
		return false
	}
	for _, v := range d.VCPUs() {
		v.Timers.StopSingle(h)
		v.Timers.StopPeriodic(h)
		v.Timers.StopPoll(h)
	}
	d.Watchdogs.Stop(h)
	return true
}

func dropTables(h *lock.Holder, d *domain.Domain, v *domain.VCPU) {
	pv.DropTables(h, v)
	machine.CloseRing(h, v)
	if v.InfoFrame != frame.NoMFN {
		machine.PutWritable(h, d, v.InfoFrame)
	}
}

// unshare lets go of the pages that the hypervisor shares with the domain.
func unshare(h *lock.Holder, d *domain.Domain) {
	machine.Unshare(h, d, d.SharedFrame)
	d.Grants.Close(h)
	for _, m := range d.Grants.Frames() {
		machine.Unshare(h, d, m)
	}
}

// tell says once that others have so many of its frames.
func (e *end) tell(d *domain.Domain, frames int64) {
	if !e.others.Swap(true) {
		klog.Infof("domain %d: others still use %d of its frames", klog.D(d.ID), klog.D(frames))
	}
}

// free gives back what the hypervisor has of its own for a domain, of which some may never
// have been made.
func free(h *lock.Holder, d *domain.Domain) {
	for _, v := range d.VCPUs() {
		machine.Scheduler.Remove(h, &v.Entity)
		pv.FreeVCPU(h, v)
	}
	areas[d.ID].Free(h)
	d.Events.Free(h)
	machine.FreeGrants(h, d)
	machine.FreeDomain(h, d)
}
