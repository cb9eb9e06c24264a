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
		some, err := list(hypercall.DomID(first), 16)
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

// list is the next domains from a number on, some at a time.
func list(first hypercall.DomID, most uint32) ([]hypercall.ControlDomain, error) {
	room := make([]hypercall.ControlDomain, most)
	at := hyper.Heap(hypercalls.Address(&room[0])) // which is on the heap, being of no constant size
	arg, err := op("list domains", hypercall.CONTROLOP_list, hypercall.ControlList{
		First: first, Count: most, Domains: hypercall.Handle[hypercall.ControlDomain](*at),
	})
	runtime.KeepAlive(&room[0])
	return room[:min(arg.Count, most)], err
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
