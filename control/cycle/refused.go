package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"syscall"

	"tuco/guestlib/hostctl"
	"tuco/guestlib/hyper"
	"tuco/guestlib/hypercalls"
	"tuco/hypercall"
)

// refusals does what is refused, and looks whether it changed anything.
func (t *trial) refusals() error {
	d, err := t.host.Create(hostctl.Spec{Name: "shell", Pages: 64, VCPUs: 2})
	if err != nil {
		return err
	}
	defer d.Destroy(context.Background())
	frames := make([]hypercall.XenPFN, 64)
	if err := d.Populate(0, frames); err != nil {
		return err
	}
	before, err := d.Info()
	if err != nil {
		return err
	}
	self := &hostctl.Domain{ID: 0}
	wrong := &hostctl.Domain{ID: d.ID, Serial: d.Serial + 1}
	var context0 hypercall.VCPUGuestContext
	badContext := context0
	badContext.UserRegs.RIP = 1 << 62
	for what, refused := range map[string]struct {
		err  error
		want syscall.Errno
	}{
		"more memory than it may have":        {d.Populate(64, make([]hypercall.XenPFN, 1)), syscall.ENOMEM},
		"another serial":                      {wrong.Unpause(), syscall.ESRCH},
		"destroying by number only":           {(&hostctl.Domain{ID: d.ID}).Destroy(context.Background()), syscall.EINVAL},
		"pausing oneself":                     {self.Pause(), syscall.EINVAL},
		"no weight":                           {d.SetSchedule(0, 0), syscall.EINVAL},
		"a state without page tables":         {d.SetContext(0, &context0), syscall.EINVAL},
		"a state with an impossible address":  {d.SetContext(1, &badContext), syscall.EINVAL},
		"a vCPU that is not there":            {d.SetContext(2, &context0), syscall.ENOENT},
		"a page table that is none":           {d.Pin(4, 0), syscall.EINVAL},
		"unpinning what is not pinned":        {d.Unpin(frames[0]), syscall.EINVAL},
		"mapping a frame that is not its own": {mapped(d, 0), syscall.EBUSY},
		"mapping a frame that does not exist": {mapped(d, 1<<39), syscall.EPERM},
	} {
		if !errors.Is(refused.err, refused.want) {
			return fmt.Errorf("%s: the result is %w, and should be %w", what, refused.err, refused.want)
		}
	}
	if list, err := t.host.List(); err != nil || list[0].Serial == 0 {
		return fmt.Errorf("domain 0 is %+v: %w", list, err)
	} else if err := t.host.Find(&list[0]).Destroy(context.Background()); !errors.Is(err, syscall.EPERM) {
		return fmt.Errorf("destroying domain 0: %w", err)
	}
	for what, s := range map[string]hostctl.Spec{
		"no vCPUs": {Pages: 1}, "65 vCPUs": {Pages: 1, VCPUs: 65}, "no pages": {VCPUs: 1}, "a bad name": {Pages: 1, VCPUs: 1, Name: "a\n"},
	} {
		if _, err := t.host.Create(s); !errors.Is(err, syscall.EINVAL) {
			return fmt.Errorf("a domain with %s: %w", what, err)
		}
	}
	after, err := d.Info()
	if err != nil || after != before {
		return fmt.Errorf("it was %+v and is %+v: %w", before, after, err)
	}
	// One frame that is not the domain's among others: none stays mapped, or the domain would not go.
	if _, err := d.Map(append(frames[:40:40], 0)); err == nil {
		return errors.New("a frame that is not its own was mapped among others")
	}
	return d.Destroy(context.Background())
}

// mapped is the error of mapping a frame.
func mapped(d *hostctl.Domain, m hypercall.XenPFN) error {
	x, err := d.Map([]hypercall.XenPFN{m})
	if err == nil {
		x.Unmap()
	}
	return err
}

// nonsense makes calls of random words, with and without structures behind them. Domains that come of it are destroyed. What this
// domain may do to itself is left out: to bound its own share of the CPUs, or its memory.
func (t *trial) nonsense(calls int) error {
	random := rand.New(rand.NewPCG(1, 2))
	words := hyper.Heap([64]uint64{})
	for range calls {
		for i := range words {
			words[i] = odd(random)
		}
		at, cmd := hypercalls.Address(words), uint64(random.IntN(16))
		switch {
		case random.IntN(8) == 0:
			at = noAddress | random.Uint64()
		case uint16(words[0]) == 0 && (cmd == hypercall.CONTROLOP_schedule || cmd == hypercall.CONTROLOP_max_memory):
			words[0]++
		}
		hypercalls.Call(hypercall.HYPERVISOR_control_op, hypercall.CONTROL_VERSION, cmd, at, 0, 0)
	}
	runtime.KeepAlive(words)
	list, err := t.host.List()
	if err != nil {
		return err
	}
	for i := range list {
		if list[i].DomID != 0 {
			if err := t.host.Find(&list[i]).Destroy(context.Background()); err != nil && !errors.Is(err, hostctl.ErrGone) {
				return err
			}
		}
	}
	return nil
}

// noAddress is where none of this program's memory is: from here up.
const noAddress = 1 << 63

// odd is a number that somebody may have forgotten, and no address of this program's.
func odd(random *rand.Rand) uint64 {
	small := uint64(random.IntN(5))
	switch random.IntN(6) {
	case 0:
		return -small
	case 1:
		return noAddress | (1<<random.IntN(64) - small)
	case 2:
		return noAddress | random.Uint64()
	case 3:
		return uint64(random.Uint32N(1 << 20))
	}
	return small
}

// allNumbers makes domains until there is no number, or no memory, for one more.
func (t *trial) allNumbers() error {
	var all []*hostctl.Domain
	var err error
	for err == nil && len(all) <= t.host.MaxDomains {
		var d *hostctl.Domain
		if d, err = t.host.Create(hostctl.Spec{Name: "many", Pages: 1, VCPUs: 1}); err == nil {
			all = append(all, d)
		}
	}
	if !errors.Is(err, syscall.ENOMEM) || len(all) > t.host.MaxDomains-1 {
		return fmt.Errorf("there are %d domains, and one more is: %w", len(all), err)
	}
	for _, d := range all {
		if err := d.Destroy(context.Background()); err != nil {
			return err
		}
	}
	return nil
}
