package create

import (
	"tuco/hypercall"
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
	Name       []byte
	Handle     hypercall.XenDomainHandle
	Privileged bool
	Kept       bool   // for the control domain to end; it is made paused
	Pages      uint64 // that it may have
	VCPUs      int
	Weight     uint32
	Cap        uint32
	Kind       *domain.Kind
}

// Failure says why a domain can't be made; the empty one that it could.
type Failure []byte

var noRoom = Failure("there are as many domains as there can be, or there is no memory for the record of one more")

var noMemory = Failure("there is not enough memory")

// New makes a domain that has no memory yet but the page that it shares with the hypervisor.
// All its vCPUs are down. Nobody finds it before machine.Publish. What can't be made leaves
// nothing behind, at once or when Reap has taken apart what there was of it.
func New(h *lock.Holder, s *Spec) (*domain.Domain, Failure) {
	d := machine.NewDomain(h, s.Privileged)
	if d == nil {
		return nil, noRoom
	}
	d.Kind, d.Handle = s.Kind, s.Handle
	d.SetName(s.Name)
	d.Privileged, d.Kept, d.Paused = s.Privileged, s.Kept, s.Kept
	d.MaxPages.Store(int64(s.Pages))
	if !s.Privileged { // which looks at the machine's own map
		d.Map[0] = hypercall.MakeE820(0, s.Pages*frame.PageSize, hypercall.E820RAM)
		d.MapEntries = 1
	}
	if !makeMemory(h, d, s) || !makeShared(h, d) {
		free(h, d)
		return nil, noMemory
	}
	if !makeVCPUs(h, d, s) {
		d.Shutdown.Store(true)
		machine.TakeApart(h, d)
		return nil, noMemory
	}
	return d, nil
}

// areas are the windows of each domain's vCPUs.
var areas [machine.MaxDomains]pv.Area

// makeMemory makes the domain's memory, with no frames yet.
func makeMemory(h *lock.Holder, d *domain.Domain, s *Spec) bool {
	config := mm.Config{Owner: pagetype.Owner(d.ID), VCPUs: s.VCPUs, SafeAbove: machine.SafeAbove}
	if d.Privileged {
		config.IO = machine.IOFrames()
	}
	if !areas[d.ID].Make(h, s.VCPUs, &config.Slots) {
		return false
	}
	d.Memory.Init(&machine.Types, &config)
	return true
}

// makeShared makes the page that the domain shares with the hypervisor, and the event channels
// in it. The page is the domain's, so that it can map it, and has a reference of ours besides.
func makeShared(h *lock.Holder, d *domain.Domain) bool {
	m, r := machine.RAM.Alloc(h, 0, pmm.Anywhere)
	if r != pmm.OK {
		return false
	}
	d.SharedFrame = m
	d.Shared = (*sharedinfo.Page)(layout.Pointer(layout.Direct(m.Addr())))
	if !makeEvents(h, d) {
		machine.FreeFrame(h, m)
		return false
	}
	if !machine.Share(h, d, m) {
		klog.Bug("a frame just allocated can't be shared")
	}
	machine.PublishWall(h, d)
	return true
}

func makeEvents(h *lock.Holder, d *domain.Domain) bool {
	config := evtchn.Config{
		System: &machine.Channels, Memory: &machine.Buckets, Page: d.Shared, ID: d.DomID(),
		Privileged: d.Privileged, MaxPort: evtchn.MaxPorts - 1,
	}
	if d.Privileged {
		config.PIRQs = evtchn.MaxPIRQs
	}
	if d.Events.Init(h, config) != 0 {
		return false
	}
	if d.Privileged {
		lines.Give(d)
	}
	return true
}

// makeVCPUs makes the domain's vCPUs, all down, and held if it begins paused.
func makeVCPUs(h *lock.Holder, d *domain.Domain, s *Spec) bool {
	d.Group.Init()
	d.Group.SetWeight(s.Weight)
	d.Group.SetCap(h, s.Cap)
	for range s.VCPUs {
		v := pv.NewVCPU(h, d, &areas[d.ID])
		if v == nil {
			return false
		}
		const anyCPU = ^uint64(0)
		if machine.Scheduler.Add(h, &v.Entity, &d.Group, anyCPU, machine.Now()) != 0 {
			klog.Bug("there is no CPU to run a vCPU")
		}
		if d.Paused {
			machine.Scheduler.Pause(h, &v.Entity, machine.Now())
		}
	}
	return true
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
