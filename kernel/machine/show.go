package machine

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/klog"
	"tuco/kernel/lock"
	"tuco/kernel/percpu"
	"tuco/kernel/vtime"
)

// ShowDomains logs a list of the domains and their vCPUs.
func ShowDomains(h *lock.Holder) {
	none := true
	for id := range domain.ID(MaxDomains) {
		if d := Find(id); d != nil {
			none = false
			showDomain(h, d)
		} else if Ended.Load()>>id&1 != 0 {
			none = false
			klog.Infof("domain %d: has ended, and is being taken apart", klog.D(id))
		}
	}
	if none {
		klog.Infof("domains: none")
	}
}

func showDomain(h *lock.Holder, d *domain.Domain) {
	state := "running"
	if d.Shutdown.Load() {
		state = reasonName(d.Reason)
	}
	klog.Infof("domain %d (%s): %s, %s of at most %s, %d event channels, weight %u, cap %u", klog.D(d.ID), klog.B(d.Name()),
		klog.S(state), klog.Size(uint64(d.Pages.Load())*frame.PageSize), klog.Size(uint64(d.MaxPages.Load())*frame.PageSize),
		klog.U(d.Events.OpenPorts(h)), klog.U(d.Group.Weight()), klog.U(d.Group.Cap()))
	for _, v := range d.VCPUs() {
		showVCPU(h, v)
	}
}

var stateNames = [...]string{
	vtime.Running: "running", vtime.Runnable: "runnable", vtime.Blocked: "blocked", vtime.Offline: "offline",
}

func showVCPU(h *lock.Holder, v *domain.VCPU) {
	const ms = 1_000_000
	r := Scheduler.Runstate(h, &v.Entity, Now())
	pending, masked := "", ""
	if v.Upcalls.UpcallPending() {
		pending = ", upcall pending"
	}
	if v.Upcalls.UpcallMasked() {
		masked = ", upcalls masked"
	}
	klog.Infof("  vcpu %d: %s on cpu %d%s%s; ms running %u, runnable %u, blocked %u, offline %u", klog.D(v.ID),
		klog.S(stateNames[r.State]), klog.D(v.Entity.Home()), klog.S(pending), klog.S(masked), klog.U(r.Time[vtime.Running]/ms),
		klog.U(r.Time[vtime.Runnable]/ms), klog.U(r.Time[vtime.Blocked]/ms), klog.U(r.Time[vtime.Offline]/ms))
}

// ShowCounts logs what a domain's vCPUs have exited for and called, all together, and
// the lengths of their lists.
func ShowCounts(d *domain.Domain) {
	for reason := range exit.Reasons {
		n := uint64(0)
		for _, v := range d.VCPUs() {
			n += v.Exits[reason]
		}
		if n != 0 {
			klog.Infof("count: domain %d: exit %s: %u", klog.D(d.ID), klog.S(reason.String()), klog.U(n))
		}
	}
	for number := range hypercall.Number(domain.Calls) {
		n := uint64(0)
		for _, v := range d.VCPUs() {
			n += v.Calls[number]
		}
		if n != 0 {
			klog.Infof("count: domain %d: call %s: %u", klog.D(d.ID), klog.S(number.String()), klog.U(n))
		}
	}
	for what := range domain.ListedLimit {
		showLists(d, what)
	}
}

// showLists logs how long the lists were that a domain gave to its hypercalls.
func showLists(d *domain.Domain, what domain.Listed) {
	var all domain.Lists
	for _, v := range d.VCPUs() {
		all.Add(&v.Lists[what])
	}
	for element, n := range all {
		shortest, longest := all.Bounds(element)
		switch {
		case n == 0:
		case shortest == longest:
			klog.Infof("count: domain %d: %s of %u: %u", klog.D(d.ID), klog.S(what.String()), klog.U(shortest), klog.U(n))
		case longest == 0:
			klog.Infof("count: domain %d: %s of %u or more: %u", klog.D(d.ID), klog.S(what.String()), klog.U(shortest), klog.U(n))
		default:
			klog.Infof("count: domain %d: %s of %u to %u: %u", klog.D(d.ID), klog.S(what.String()), klog.U(shortest),
				klog.U(longest), klog.U(n))
		}
	}
}

// ShowQueues logs what each CPU runs, and its scheduler's counts.
func ShowQueues(h *lock.Holder) {
	for c := range percpu.Count() {
		s := Scheduler.StatsOf(h, c)
		klog.Infof("cpu %d: %u switches, %u vCPUs pulled, %u pushed", klog.D(c), klog.U(s.Switches), klog.U(s.Pulled),
			klog.U(s.Pushed))
	}
}
