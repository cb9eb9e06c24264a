package hostctl

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"syscall"

	"tuco/guestlib/hyper"
	"tuco/guestlib/hypercalls"
	"tuco/hypercall"
)

// A Domain is one that this one rules.
type Domain struct {
	ID         hypercall.DomID
	Serial     uint64           // no other domain has it
	SharedInfo hypercall.XenPFN // machine frame of its shared_info
}

func (d *Domain) target() hypercall.ControlTarget {
	return hypercall.ControlTarget{DomID: d.ID, Serial: d.Serial}
}

func (d *Domain) simple(what string, cmd uint32) error {
	_, err := op(what, cmd, d.target())
	return err
}

// Pause lets none of its vCPUs run, and returns when none does. It may be paused already.
func (d *Domain) Pause() error { return d.simple("pause a domain", hypercall.CONTROLOP_pause) }

// Unpause takes Pause back, or lets a new domain go.
func (d *Domain) Unpause() error { return d.simple("unpause a domain", hypercall.CONTROLOP_unpause) }

// SetMaxMemory says how many pages it may have. It keeps those that it has beyond.
func (d *Domain) SetMaxMemory(pages uint64) error {
	_, err := op("limit a domain's memory", hypercall.CONTROLOP_max_memory, hypercall.ControlMaxMemory{Target: d.target(), Pages: pages})
	return err
}

// SetSchedule sets its share of the CPUs: the weight of each vCPU, 1 to 65535, and a limit for all together in percent of a CPU; 0: none.
func (d *Domain) SetSchedule(weight, limit uint32) error {
	_, err := op("set a domain's share of the CPUs", hypercall.CONTROLOP_schedule, hypercall.ControlSchedule{
		Target: d.target(), Weight: weight, Cap: limit,
	})
	return err
}

// SetContext gives a vCPU its first state. EINVAL: there can be no such state, or a frame in it can't be what it is to be. EEXIST: it
// has one. ENOENT: there is no such vCPU.
func (d *Domain) SetContext(vcpu int, c *hypercall.VCPUGuestContext) error {
	p := hyper.Heap(*c)
	_, err := op("set a vCPU's state", hypercall.CONTROLOP_set_context, hypercall.ControlContext{
		Target: d.target(), VCPU: uint32(vcpu), Context: hypercall.Handle[hypercall.VCPUGuestContext](hypercalls.Address(p)),
	})
	runtime.KeepAlive(p)
	return err
}

// VCPU is a vCPU's figures. ENOENT: there is no such vCPU.
func (d *Domain) VCPU(vcpu int) (hypercall.ControlVCPU, error) {
	return op("look at a vCPU", hypercall.CONTROLOP_vcpu, hypercall.ControlVCPU{Target: d.target(), VCPU: uint32(vcpu)})
}

// Info is the domain's figures. ErrGone: see the package.
func (d *Domain) Info() (hypercall.ControlDomain, error) {
	const what = "look at a domain"
	some, err := list(d.ID, 1)
	switch {
	case err != nil:
		return hypercall.ControlDomain{}, err
	case len(some) == 0 || some[0].DomID != d.ID || some[0].Serial != d.Serial:
		return hypercall.ControlDomain{}, failure(what, hypercall.ESRCH)
	}
	return some[0], nil
}

// Shutdown ends it for a reason SHUTDOWN_*, without asking it. It stays, as if it had shut down by itself.
func (d *Domain) Shutdown(reason uint32) error {
	if _, err := d.Info(); err != nil {
		return err
	}
	_, _, err := hyper.Op("shut a domain down", hypercall.HYPERVISOR_sched_op, hypercall.SCHEDOP_remote_shutdown,
		hypercall.SchedRemoteShutdown{DomainID: d.ID, Reason: reason})
	return err
}

// Destroy ends it, whatever it does, and returns when it is gone. ErrInUse: its frames are mapped here, or others have been granted some:
// it is gone when they let go, and VIRQ_DOM_EXC tells. The context's error: its end has begun, and goes on by itself.
func (d *Domain) Destroy(ctx context.Context) error {
	for begun := false; ; begun = true {
		err := d.simple("destroy a domain", hypercall.CONTROLOP_destroy)
		switch {
		case errors.Is(err, syscall.EBUSY):
			return ErrInUse
		case errors.Is(err, syscall.EPERM):
			return fmt.Errorf("destroy a domain: this one may not, or the other is privileged itself: %w", syscall.EPERM)
		case errors.Is(err, ErrGone) && begun:
			return nil
		case !errors.Is(err, syscall.EAGAIN):
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
		runtime.Gosched()
	}
}
