package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"tuco/guestlib/hostctl"
	"tuco/hypercall"
)

// noMemory makes domains where there is hardly any memory, a page less each time: making one then stops wherever it can stop, and
// what there was of it goes back.
func (t *trial) noMemory() error {
	m, err := t.host.Machine()
	if err != nil {
		return err
	}
	const spare = 40 // pages: more than a small domain takes
	eater, err := t.host.Create(hostctl.Spec{Name: "eater", Pages: m.Total, VCPUs: 1})
	if err != nil {
		return err
	}
	defer eater.Destroy(context.Background())
	next := uint64(0)
	eat := func(pages uint64) error {
		err := eater.Populate(next, make([]hypercall.XenPFN, pages))
		next += pages
		return err
	}
	if m, err = t.host.Machine(); err != nil {
		return err
	}
	if err := eat(m.Free - spare); err != nil {
		return err
	}
	made, refused := 0, 0
	for left := spare; left >= 0; left-- {
		before, err := t.counts()
		if err != nil {
			return err
		}
		d, err := t.host.Create(hostctl.Spec{Name: "small", Pages: 1, VCPUs: 3})
		switch {
		case err == nil:
			made++
			err = d.Destroy(context.Background())
		case errors.Is(err, syscall.ENOMEM):
			refused++
			err = t.back(before)
		}
		if err != nil {
			return fmt.Errorf("with %d pages left: %w", left, err)
		}
		if err := eat(1); err != nil && left > 0 {
			return fmt.Errorf("with %d pages left, one more: %w", left, err)
		}
	}
	if made == 0 || refused == 0 {
		return fmt.Errorf("%d domains could be made, and %d could not", made, refused)
	}
	return eater.Destroy(context.Background())
}

// back waits until the counts are what they were: what could not be made is taken apart by CPUs that have nothing else to do.
func (t *trial) back(to counts) error {
	var is counts
	for range 5000 {
		var err error
		if is, err = t.counts(); err != nil || is == to {
			return err
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("something is left behind: there was %+v, and there is %+v", to, is)
}
