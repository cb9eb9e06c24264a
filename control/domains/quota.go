package domains

import (
	"fmt"

	"tuco/control/config"
)

// Quota is what all guests together may have; 0 is no limit.
type Quota struct {
	Guests int
	Memory int // MiB
	VCPUs  int
}

// admit judges whether a guest may come to those that there are. mu is held.
func (m *Manager) admit(c *config.Guest) error {
	if m.leaving {
		return refuse(ErrState, "the host is ending")
	}
	if old := m.guests[c.Name]; old != nil {
		return refuse(ErrExists, "there is a guest %q already, %s; destroy it, or give the new one another name", c.Name, old.state)
	}
	guests, memory, vcpus := 1, c.Memory, c.VCPUs
	for _, g := range m.guests {
		guests++
		memory += g.config.Memory
		vcpus += g.config.VCPUs
		if err := conflict(c, g.config); err != nil {
			return err
		}
	}
	if m.Own != nil {
		if err := sharedParts(c, m.Own, "the control domain's"); err != nil {
			return err
		}
	}
	q := &m.Quota
	switch {
	case q.Guests > 0 && guests > q.Guests:
		return refuse(ErrQuota, "there are %d guests, and the quota is %d; destroy one", guests-1, q.Guests)
	case q.Memory > 0 && memory > q.Memory:
		return refuse(ErrQuota, "memory: with %d MiB more, guests would have %d MiB; the quota is %d", c.Memory, memory, q.Memory)
	case q.VCPUs > 0 && vcpus > q.VCPUs:
		return refuse(ErrQuota, "vcpus: with %d more, guests would have %d; the quota is %d", c.VCPUs, vcpus, q.VCPUs)
	}
	return nil
}

// conflict finds what two guests can't both have.
func conflict(c, other *config.Guest) error {
	for _, d := range c.Disks {
		for _, o := range other.Disks {
			if d.Volume == o.Volume && !(d.ReadOnly && o.ReadOnly) {
				return refuse(ErrConflict, "disk: the volume %s is %s of guest %q; a writable volume is one guest's: make a clone of it, or attach both with access=r",
					d.Volume, o.VDev, other.Name)
			}
		}
	}
	for _, v := range c.VIFs {
		for _, o := range other.VIFs {
			if v.MAC == o.MAC {
				return refuse(ErrConflict, "vif: the mac %s is guest %q's; give this guest another one", v.MAC, other.Name)
			}
		}
	}
	return sharedParts(c, other, fmt.Sprintf("guest %q's", other.Name))
}

// sharedParts finds parts of the machine that a guest shall be given and that are somebody's.
func sharedParts(c, other *config.Guest, whose string) error {
	for _, p := range c.IOPorts {
		for _, o := range other.IOPorts {
			if p.Overlap(o) {
				return refuse(ErrConflict, "ioports: of the ports %s, %s are %s; a device is one's alone", p, o, whose)
			}
		}
	}
	for _, f := range c.IOMemory {
		for _, o := range other.IOMemory {
			if f.Overlap(o) {
				return refuse(ErrConflict, "iomem: of the pages %s, %s are %s; a device is one's alone", f, o, whose)
			}
		}
	}
	return nil
}
