package create

import (
	"tuco/hypercall"
	"tuco/kernel/bundle"
	"tuco/kernel/domain"
	"tuco/kernel/evtchn"
	"tuco/kernel/frame"
	"tuco/kernel/klog"
	"tuco/kernel/layout"
	"tuco/kernel/lines"
	"tuco/kernel/lock"
	"tuco/kernel/machine"
	"tuco/kernel/mm"
	"tuco/kernel/pagetype"
	"tuco/kernel/pmm"
	"tuco/kernel/pv"
	"tuco/kernel/sharedinfo"
)

// Spec is a domain to make.
type Spec struct {
	*bundle.Domain
	Memory uint64 // bytes
	VCPUs  int
	Kind   *domain.Kind
	// Affinity has a bit for each CPU that its vCPUs may run on.
	Affinity uint64
}

// Failure says why a domain can't be made; the empty one that it could.
type Failure []byte

var noCPU = Failure("none of the CPUs that it may run on is there")

var noRoom = Failure("there are as many domains as there can be, or there is no memory for the record of one more")

var noMemory = Failure("there is not enough memory")

// Domain makes a domain, whose vCPUs wait for Unpause.
func Domain(h *lock.Holder, s *Spec) (*domain.Domain, Failure) {
	d := machine.NewDomain(h, s.Privileged)
	if d == nil {
		return nil, noRoom
	}
	d.Kind = s.Kind
	d.SetName(s.Name)
	d.Privileged = s.Privileged
	d.MaxPages.Store(int64(s.Memory / frame.PageSize))
	if !s.Privileged { // which looks at the machine's own map
		d.Map[0] = hypercall.MakeE820(0, s.Memory, hypercall.E820RAM)
		d.MapEntries = 1
	}
	f := makeMemory(h, d, s)
	if f == nil {
		f = makeShared(h, d)
	}
	if f == nil {
		f = makeEvents(h, d)
	}
	if f == nil {
		f = makeVCPUs(h, d, s)
	}
	if f == nil {
		f = fill(h, d, s)
	}
	if f != nil {
		return nil, f
	}
	machine.Publish(d)
	return d, nil
}

// areas are the windows of each domain's vCPUs.
var areas [machine.MaxDomains]pv.Area

// makeMemory makes the domain's memory, with no frames yet.
func makeMemory(h *lock.Holder, d *domain.Domain, s *Spec) Failure {
	config := mm.Config{Owner: pagetype.Owner(d.ID), VCPUs: s.VCPUs, SafeAbove: machine.SafeAbove}
	if d.Privileged {
		config.IO = machine.IOFrames()
	}
	var ok bool
	if areas[d.ID], ok = pv.NewArea(h, s.VCPUs, &config.Slots); !ok {
		return noMemory
	}
	d.Memory.Init(&machine.Types, &config)
	return nil
}

// makeShared makes the page that the domain shares with the hypervisor. It is
// the domain's, so that it can map it, and has a reference of ours besides.
func makeShared(h *lock.Holder, d *domain.Domain) Failure {
	m, r := machine.RAM.Alloc(h, 0, pmm.Anywhere)
	if r != pmm.OK {
		return noMemory
	}
	if !machine.Share(h, d, m) {
		return noMemory
	}
	d.SharedFrame = m
	d.Shared = (*sharedinfo.Page)(layout.Pointer(layout.Direct(m.Addr())))
	machine.PublishWall(h, d)
	return nil
}

func makeEvents(h *lock.Holder, d *domain.Domain) Failure {
	config := evtchn.Config{
		System: &machine.Channels, Memory: &machine.Buckets, Page: d.Shared, ID: d.DomID(),
		Privileged: d.Privileged, MaxPort: evtchn.MaxPorts - 1,
	}
	if d.Privileged {
		config.PIRQs = evtchn.MaxPIRQs
	}
	if e := d.Events.Init(h, config); e != 0 {
		return noMemory
	}
	if d.Privileged {
		lines.Give(d)
	}
	return nil
}

// makeVCPUs makes the domain's vCPUs, all down.
func makeVCPUs(h *lock.Holder, d *domain.Domain, s *Spec) Failure {
	d.Group.Init()
	d.Group.SetWeight(uint32(s.Weight))
	d.Group.SetCap(h, uint32(s.Cap))
	for range s.VCPUs {
		v := pv.NewVCPU(h, d, &areas[d.ID])
		if v == nil {
			return noMemory
		}
		if machine.Scheduler.Add(h, &v.Entity, &d.Group, s.Affinity, machine.Now()) != 0 {
			return noCPU
		}
	}
	return nil
}

// Start lets the domain's first vCPU run.
func Start(h *lock.Holder, d *domain.Domain) {
	klog.Infof("domain %d (%s): %s, %d vCPUs%s", klog.D(d.ID), klog.B(d.Name()),
		klog.Size(uint64(d.Pages.Load())*frame.PageSize), klog.D(len(d.VCPUs())), klog.S(privileged(d)))
	machine.Start(h, d.VCPUs()[0])
}

func privileged(d *domain.Domain) string {
	if d.Privileged {
		return ", privileged"
	}
	return ""
}
