package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/machine"
	"tuco/kernel/vtime"
)

// listWork is how much one CONTROLOP_list looks at before it gives what it has: a domain
// counts as costDomain, a vCPU, whose lock is taken, as costVCPU, and a handle of a grant as 1.
const (
	listWork   = 1 << 14
	costDomain = 256
	costVCPU   = 32
)

// listDomains is CONTROLOP_list.
func listDomains(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.ControlList
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	n := uint32(0)
	for id, left := domain.ID(s.First), listWork; id < machine.MaxDomains && n < s.Count && left > 0; id++ {
		var x hypercall.ControlDomain
		d := machine.Find(id)
		switch {
		case d != nil:
			describe(v, d, &x)
			left -= costDomain + len(d.VCPUs())*costVCPU + d.Mappings.Room()
		case !machine.Dying(id, &x):
			continue
		}
		if !put(v, hypercall.Handle[byte](s.Domains.At(uint64(n))), &x) {
			return fail(hypercall.EFAULT)
		}
		n++
	}
	s.Count = n
	return given(put(v, arg, &s))
}

// describe says what there is to be said of a domain. The figures may be of different
// moments.
func describe(v *domain.VCPU, d *domain.Domain, x *hypercall.ControlDomain) {
	h := v.Holder()
	x.DomID, x.Serial, x.Handle = d.DomID(), d.Serial.Load(), d.Handle
	copy(x.Name[:], d.Name())
	d.Lock.Lock(h)
	if d.Paused {
		x.Flags |= hypercall.CONTROLDOM_paused
	}
	if d.Shutdown.Load() {
		x.Flags |= hypercall.CONTROLDOM_shutdown
		x.Reason = d.Reason
	}
	d.Lock.Unlock(h)
	if machine.Ended.Load()>>d.ID&1 != 0 {
		x.Flags |= hypercall.CONTROLDOM_dying
	}
	if d.Privileged {
		x.Flags |= hypercall.CONTROLDOM_privileged
	}
	if d.Kept {
		x.Flags |= hypercall.CONTROLDOM_kept
	}
	x.Weight, x.Cap = d.Group.Weight(), d.Group.Cap()
	x.Ports = d.Events.OpenPorts(h)
	shared := d.Shares.Load()
	x.Pages = uint64(d.Pages.Load() - shared)
	x.MaxPages = uint64(d.MaxPages.Load() - shared)
	x.Shared, x.SharedInfo = uint64(shared), hypercall.XenPFN(d.SharedFrame)
	x.Mapped = uint64(d.Mappings.Used())
	x.VCPUs = uint32(len(d.VCPUs()))
	for _, t := range d.VCPUs() {
		r := machine.Scheduler.Runstate(h, &t.Entity, machine.Now())
		x.CPUTime += r.Time[vtime.Running]
		x.States[r.State]++
		if t.Up.Load() {
			x.Online++
		}
	}
}

// listVCPU is CONTROLOP_vcpu. ESRCH. ENOENT: there is no such vCPU.
func listVCPU(v *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	var s hypercall.ControlVCPU
	if !get(v, &s, arg) {
		return fail(hypercall.EFAULT)
	}
	d, e := target(&s.Target)
	if e != 0 {
		return fail(e)
	}
	t := d.VCPU(s.VCPU)
	if t == nil {
		return fail(hypercall.ENOENT)
	}
	r := machine.Scheduler.Runstate(v.Holder(), &t.Entity, machine.Now())
	x := hypercall.ControlVCPU{
		Target: hypercall.ControlTarget{DomID: d.DomID(), Serial: d.Serial.Load()}, VCPU: s.VCPU, CPU: uint32(t.Entity.Home()),
		Run: hypercall.VCPURunstateInfo{State: int32(r.State), StateEntryTime: r.Since, Time: r.Time},
	}
	for _, n := range &t.Exits { // which its own CPU may be counting on
		x.Exits += n
	}
	if t.Initialised {
		x.Flags |= hypercall.CONTROLVCPU_initialised
	}
	if t.Up.Load() {
		x.Flags |= hypercall.CONTROLVCPU_up
	}
	return given(put(v, arg, &x))
}
