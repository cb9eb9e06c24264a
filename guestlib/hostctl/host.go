package hostctl

import (
	"runtime"

	"tuco/guestlib/hyper"
	"tuco/guestlib/hypercalls"
	"tuco/hypercall"
)

// Machine is the figures of the whole machine.
func (h *Host) Machine() (hypercall.ControlMachine, error) {
	return op("look at the machine", hypercall.CONTROLOP_machine, hypercall.ControlMachine{})
}

// List is all domains in the order of their numbers, those too that are dying.
func (h *Host) List() ([]hypercall.ControlDomain, error) {
	var all []hypercall.ControlDomain
	for first := 0; first < h.MaxDomains; first = int(all[len(all)-1].DomID) + 1 {
		some, err := list(hypercall.DomID(first), listed)
		if err != nil {
			return nil, err
		}
		if len(some) == 0 {
			break
		}
		all = append(all, some...)
	}
	return all, nil
}

// listed is how many domains are asked for at once.
const listed = 16

// list is the next domains from a number on, so many or fewer.
func list(first hypercall.DomID, most int) ([]hypercall.ControlDomain, error) {
	room := hyper.Heap([listed]hypercall.ControlDomain{})
	arg, err := op("list domains", hypercall.CONTROLOP_list, hypercall.ControlList{
		First: first, Count: uint32(most), Domains: hypercall.Handle[hypercall.ControlDomain](hypercalls.Address(room)),
	})
	runtime.KeepAlive(room)
	return room[:min(int(arg.Count), most)], err
}

// Spec is a domain to make.
type Spec struct {
	Name   string   // for the hypervisor's log: printable ASCII without blanks, at most 64 bytes
	UUID   [16]byte // which the domain can read
	Pages  uint64   // that it may have
	VCPUs  int
	Weight int // share of CPU time; 0: the usual
	Cap    int // most CPU time, in percent of a CPU; 0: no limit
}

// Create makes a domain that has no memory yet, and is paused. EINVAL: a number is out of bounds, or the name is no name. ENOMEM: there is
// no memory, or no number, for one more domain.
func (h *Host) Create(s Spec) (*Domain, error) {
	const what = "create a domain"
	arg := hypercall.ControlCreate{
		Handle: s.UUID, MaxPages: s.Pages, VCPUs: uint32(s.VCPUs), Weight: uint32(s.Weight), Cap: uint32(s.Cap),
	}
	if s.Weight == 0 {
		arg.Weight = hypercall.CONTROL_DEFAULT_WEIGHT
	}
	if copy(arg.Name[:], s.Name) != len(s.Name) || s.VCPUs < 0 || s.Weight < 0 || s.Cap < 0 {
		return nil, failure(what, hypercall.EINVAL)
	}
	arg, err := op(what, hypercall.CONTROLOP_create, arg)
	if err != nil {
		return nil, err
	}
	return &Domain{ID: arg.Target.DomID, Serial: arg.Target.Serial, SharedInfo: arg.SharedInfo}, nil
}

// Find is a domain that was listed.
func (h *Host) Find(d *hypercall.ControlDomain) *Domain {
	return &Domain{ID: d.DomID, Serial: d.Serial, SharedInfo: d.SharedInfo}
}

// Features are those that the hypervisor offers, a bit for each XENFEAT_*. This domain's own may be among them that others don't
// have: XENFEAT_dom0.
func Features() (uint64, error) {
	arg, _, err := hyper.Op("ask for the hypervisor's features", hypercall.HYPERVISOR_xen_version, hypercall.XENVER_get_features, hypercall.XenFeatureInfo{})
	return uint64(arg.Submap) &^ (1 << hypercall.XENFEAT_dom0), err
}
