package hypervisor

import (
	"context"
	"errors"
	"time"

	"tuco/control/build"
	"tuco/control/config"
	"tuco/control/domains"
	"tuco/control/trace"
	"tuco/guestlib/hostctl"
	"tuco/hypercall"
	"tuco/kernel/frame"
)

// Host is a domains.Hypervisor.
type Host struct {
	host     *hostctl.Host
	self     *hostctl.Domain
	features uint64
}

var (
	_ domains.Hypervisor = (*Host)(nil)
	_ trace.Hypervisor   = (*Host)(nil)
)

// Open finds the hypervisor. Its errors are hostctl.Open's.
func Open() (*Host, error) {
	host, err := hostctl.Open()
	if err != nil {
		return nil, err
	}
	all, err := host.List()
	if err != nil {
		return nil, err
	}
	features, err := Features()
	return &Host{host, host.Find(&all[0]), features}, err // domain 0 is there
}

// Features is domains.Hypervisor's.
func (h *Host) Features() uint64 { return h.features }

// Create is domains.Hypervisor's.
func (h *Host) Create(l *domains.Limits) (domains.ID, build.Domain, error) {
	d, err := h.host.Create(hostctl.Spec{
		Name: l.Name, UUID: l.Handle, Pages: l.Pages, VCPUs: l.VCPUs, Weight: l.Weight, Cap: l.Cap,
	})
	if err != nil {
		return domains.ID{}, nil, err
	}
	return domains.ID{Dom: d.ID, Serial: d.Serial}, Domain{d}, nil
}

// GivePorts is domains.Hypervisor's.
func (h *Host) GivePorts(id domains.ID, p config.Ports) error {
	return domain(id).GivePorts(p.First, p.Last)
}

// GiveMemory is domains.Hypervisor's.
func (h *Host) GiveMemory(id domains.ID, f config.Frames) error {
	return domain(id).GiveIOMemory(f.First, f.Count)
}

// SetSchedule is domains.Hypervisor's.
func (h *Host) SetSchedule(id domains.ID, weight, limit int) error {
	return domain(id).SetSchedule(uint32(weight), uint32(limit))
}

// Pause is domains.Hypervisor's.
func (h *Host) Pause(id domains.ID) error { return domain(id).Pause() }

// Unpause is domains.Hypervisor's.
func (h *Host) Unpause(id domains.ID) error { return domain(id).Unpause() }

// Destroy is domains.Hypervisor's. Frames that somebody has mapped keep the domain from being gone, which is the hypervisor's business.
func (h *Host) Destroy(id domains.ID) error {
	err := domain(id).Destroy(context.Background())
	if errors.Is(err, hostctl.ErrGone) || errors.Is(err, hostctl.ErrInUse) {
		return nil
	}
	return err
}

// List is domains.Hypervisor's. Domains of the boot bundle are none of the toolstack's.
func (h *Host) List() ([]domains.Status, error) {
	all, err := h.host.List()
	if err != nil {
		return nil, err
	}
	var list []domains.Status
	for _, d := range all {
		has := func(flag uint32) bool { return d.Flags&flag != 0 }
		if has(hypercall.CONTROLDOM_kept) && !has(hypercall.CONTROLDOM_dying) {
			list = append(list, domains.Status{
				ID: domains.ID{Dom: d.DomID, Serial: d.Serial}, Handle: d.Handle,
				Paused: has(hypercall.CONTROLDOM_paused), Ended: has(hypercall.CONTROLDOM_shutdown), Reason: d.Reason,
			})
		}
	}
	return list, nil
}

// Map maps frames of a domain.
func (h *Host) Map(id domains.ID, frames ...frame.MFN) (build.Mapping, error) {
	return Domain{domain(id)}.Map(frames)
}

// domain names a domain to hostctl.
func domain(id domains.ID) *hostctl.Domain { return &hostctl.Domain{ID: id.Dom, Serial: id.Serial} }

// Spent is the CPU time that this domain has had. Where time is counted by instructions (tuco up --icount), a nanosecond is one.
func (h *Host) Spent() time.Duration {
	all, err := h.self.Info()
	if err != nil {
		return 0
	}
	return time.Duration(all.CPUTime)
}

// Machine is the figures of the whole machine.
func (h *Host) Machine() (hypercall.ControlMachine, error) { return h.host.Machine() }

// Domains are all domains with their figures, this one and those of the boot bundle among them.
func (h *Host) Domains() ([]hypercall.ControlDomain, error) { return h.host.List() }

// VCPU is the figures of a vCPU of a domain's.
func (h *Host) VCPU(id domains.ID, vcpu int) (hypercall.ControlVCPU, error) {
	return domain(id).VCPU(vcpu)
}

// TraceBuffers are what the hypervisor's CPUs record in: see trace.Hypervisor.
func (h *Host) TraceBuffers() ([][]byte, error) { return h.host.TraceBuffers() }

// TraceClasses is trace.Hypervisor's.
func (h *Host) TraceClasses() (uint64, error) { return h.host.TraceClasses() }

// SetTraceClasses is trace.Hypervisor's.
func (h *Host) SetTraceClasses(classes uint64) error { return h.host.SetTraceClasses(classes) }
