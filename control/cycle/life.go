package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"tuco/control/build"
	"tuco/control/hypervisor"
	"tuco/guestlib/hostctl"
	"tuco/hypercall"
)

const pages = 32 << 20 / 4096

// forLong has the kernel that runs do so for days: see qemu-tests/guests/busy.
const forLong = "from=100000000 to=200000000 end=300000000"

// made is a domain that is ready to run.
type made struct {
	*hostctl.Domain
	rings build.Rings
}

// make makes a domain of a kernel; the word names its file.
func (t *trial) make(word, args string, vcpus int) (*made, error) {
	kernel, err := os.ReadFile(t.words[word])
	if err != nil {
		return nil, err
	}
	features, err := hypervisor.Features()
	if err != nil {
		return nil, err
	}
	plan, err := build.Prepare(&build.Spec{Kernel: bytes.NewReader(kernel), Args: args, Pages: pages, Features: features})
	if err != nil {
		return nil, err
	}
	d, err := t.host.Create(hostctl.Spec{Name: word, Pages: pages, VCPUs: vcpus, UUID: [16]byte{1, 2, 3}})
	if err != nil {
		return nil, err
	}
	rings, err := plan.Build(hypervisor.Domain{Domain: d})
	if err == nil {
		err = errors.Join(d.Grant(hypercall.GNTTAB_RESERVED_CONSOLE, hypercall.XenPFN(rings.Console), 0),
			d.Grant(hypercall.GNTTAB_RESERVED_XENSTORE, hypercall.XenPFN(rings.Store), 0))
	}
	if err != nil {
		return nil, errors.Join(err, d.Destroy(context.Background()))
	}
	return &made{d, rings}, nil
}

// cycles lets domains live, one after the other: some to their end, some not even to their beginning. It tells how long it takes to make one, whose
// memory is populated and filled, and to take it apart; where time is counted by instructions (tuco up --icount) that is how many.
func (t *trial) cycles(times int) error {
	serial := uint64(0)
	var making, ending time.Duration
	defer func() {
		n := time.Duration(max(times, 1))
		fmt.Printf("cycle: a domain of %d MiB: %v to make, %v to take apart\n", pages*4096>>20, making/n, ending/n)
	}()
	for n := range times {
		word, args := "ends", ""
		if n%4 == 3 {
			word, args = "runs", forLong
		}
		start := time.Now()
		d, err := t.make(word, args, 1+n%3)
		if err != nil {
			return fmt.Errorf("life %d: %w", n, err)
		}
		making += time.Since(start)
		if d.Serial <= serial {
			return fmt.Errorf("domain %d has the serial %d, and one before it %d", d.ID, d.Serial, serial)
		}
		serial = d.Serial
		end, err := t.live(d, word == "ends" && n%4 != 2, n%4 != 2)
		if err != nil {
			return fmt.Errorf("life %d, of domain %d: %w", n, d.ID, err)
		}
		ending += end
	}
	return nil
}

// live lets a domain run or not, waits for its end or not, and destroys it; it returns how long that took.
func (t *trial) live(d *made, ends, runs bool) (end time.Duration, err error) {
	info, err := d.Info()
	if err != nil {
		return 0, err
	}
	if info.Flags != hypercall.CONTROLDOM_kept|hypercall.CONTROLDOM_paused || info.Pages != pages || info.Ports != 2 || info.Online != 1 || info.CPUTime != 0 {
		return 0, fmt.Errorf("before it runs it is %+v", info)
	}
	if runs {
		if err := d.Unpause(); err != nil {
			return 0, err
		}
	}
	if ends {
		info, err = t.until(d.Domain, func(i hypercall.ControlDomain, _ error) bool { return i.Flags&hypercall.CONTROLDOM_shutdown != 0 })
		switch {
		case err != nil:
			return 0, err
		case info.Reason != hypercall.SHUTDOWN_poweroff || info.CPUTime == 0 || info.Flags != hypercall.CONTROLDOM_kept|hypercall.CONTROLDOM_shutdown:
			return 0, fmt.Errorf("after its end it is %+v", info)
		}
	}
	start := time.Now()
	if err := d.Destroy(context.Background()); err != nil {
		return 0, err
	}
	end = time.Since(start)
	if _, err := d.Info(); !errors.Is(err, hostctl.ErrGone) {
		return 0, fmt.Errorf("it is destroyed and still there: %w", err)
	}
	return end, nil
}

// pauses stops a domain that runs and lets it go on. While it is paused its vCPU does not run.
func (t *trial) pauses() error {
	d, err := t.make("runs", forLong, 1)
	if err != nil {
		return err
	}
	defer d.Destroy(context.Background())
	for range 3 {
		if err := d.Unpause(); err != nil {
			return err
		}
		before, err := d.VCPU(0)
		if err != nil {
			return err
		}
		if before.Flags != hypercall.CONTROLVCPU_initialised|hypercall.CONTROLVCPU_up {
			return fmt.Errorf("the vCPU is %+v", before)
		}
		for now := before; now.Run.Time[hypercall.RUNSTATE_running] == before.Run.Time[hypercall.RUNSTATE_running]; {
			if now, err = d.VCPU(0); err != nil { // between two looks others have their turn
				return err
			}
		}
		if err := d.Pause(); err != nil {
			return err
		}
		a, errA := d.VCPU(0)
		b, errB := d.VCPU(0)
		if err := errors.Join(errA, errB); err != nil {
			return err
		}
		if a.Run.State != hypercall.RUNSTATE_offline || a.Run.Time[hypercall.RUNSTATE_running] != b.Run.Time[hypercall.RUNSTATE_running] {
			return fmt.Errorf("it is paused and runs: %+v, %+v", a, b)
		}
	}
	if err := d.SetSchedule(512, 50); err != nil {
		return err
	}
	if info, err := d.Info(); err != nil || info.Weight != 512 || info.Cap != 50 {
		return fmt.Errorf("its share is %d and %d: %w", info.Weight, info.Cap, err)
	}
	return d.Destroy(context.Background())
}

// inUse destroys a domain of which frames are mapped here, and a page granted and mapped.
func (t *trial) inUse() error {
	d, err := t.make("runs", forLong, 1)
	if err != nil {
		return err
	}
	defer d.Destroy(context.Background())
	m, err := d.Map([]hypercall.XenPFN{hypercall.XenPFN(d.rings.Console), hypercall.XenPFN(d.rings.Store)})
	if err != nil {
		return err
	}
	m.Page(0)[5] = 7
	if err := d.Destroy(context.Background()); !errors.Is(err, hostctl.ErrInUse) {
		return fmt.Errorf("two of its frames are mapped, and the end is: %w", err)
	}
	info, err := d.Info()
	if err != nil || info.Pages != 2 || info.Flags != hypercall.CONTROLDOM_dying|hypercall.CONTROLDOM_shutdown {
		return fmt.Errorf("two of its frames are mapped, and it is %+v: %w", info, err)
	}
	if m.Page(0)[5] != 7 {
		return errors.New("a page has changed, whose owner is dying")
	}
	if _, err := d.Map([]hypercall.XenPFN{hypercall.XenPFN(d.rings.Console)}); !errors.Is(err, hostctl.ErrGone) && err == nil {
		return errors.New("a frame of a dying domain can be mapped anew")
	}
	if err := d.Unpause(); !errors.Is(err, hostctl.ErrGone) {
		return fmt.Errorf("a dying domain is unpaused: %w", err)
	}
	if err := m.Unmap(); err != nil {
		return err
	}
	_, err = t.until(d.Domain, func(_ hypercall.ControlDomain, err error) bool { return errors.Is(err, hostctl.ErrGone) })
	if !errors.Is(err, hostctl.ErrGone) {
		return err
	}
	return nil
}

// denied runs a domain that asks for the interface itself.
func (t *trial) denied() error {
	d, err := t.make("denied", "group=rights test=denied", 1)
	if err != nil {
		return err
	}
	_, err = t.live(d, true, true)
	return err
}
