package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"tuco/guestlib/hostctl"
)

// together has several goroutines make domains and destroy them at moments of nobody's choice, each from several sides at once, while
// another looks at all of them.
func (t *trial) together(times int) error {
	const hands = 3
	errs := make([]error, hands+1)
	var over atomic.Bool
	var all, watcher sync.WaitGroup
	watcher.Go(func() {
		for !over.Load() && errs[hands] == nil {
			errs[hands] = t.watch()
		}
	})
	for hand := range hands {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(hand), 3))
			for n := 0; n < times && errs[hand] == nil; n++ {
				errs[hand] = t.brief(random)
			}
		})
	}
	all.Wait()
	over.Store(true)
	watcher.Wait()
	return errors.Join(errs...)
}

// watch looks at all domains, and at their vCPUs.
func (t *trial) watch() error {
	list, err := t.host.List()
	if err != nil {
		return err
	}
	for i := range list {
		for vcpu := range int(list[i].VCPUs) {
			if _, err := t.host.Find(&list[i]).VCPU(vcpu); err != nil && !errors.Is(err, hostctl.ErrGone) {
				return fmt.Errorf("vCPU %d of %+v: %w", vcpu, list[i], err)
			}
		}
	}
	time.Sleep(time.Millisecond)
	return nil
}

// brief is a life that others end while somebody still pauses and unpauses it.
func (t *trial) brief(random *rand.Rand) error {
	d, err := t.make("runs", forLong, 1+random.IntN(3))
	if err != nil {
		return err
	}
	if err := d.Unpause(); err != nil {
		return err
	}
	const sides = 2
	var ends [sides]error
	var all sync.WaitGroup
	for side := range sides {
		wait := time.Duration(random.IntN(20)) * time.Millisecond
		all.Go(func() {
			time.Sleep(wait)
			ends[side] = d.Destroy(context.Background())
		})
	}
	for err == nil {
		err = errors.Join(d.Pause(), d.Unpause())
	}
	all.Wait()
	if !errors.Is(err, hostctl.ErrGone) {
		return fmt.Errorf("pausing what is about to end: %w", err)
	}
	for _, err := range ends {
		if err != nil && !errors.Is(err, hostctl.ErrGone) {
			return fmt.Errorf("ending it from two sides: %w", err)
		}
	}
	if _, err := d.Info(); !errors.Is(err, hostctl.ErrGone) {
		return fmt.Errorf("both sides have ended it, and it is there: %w", err)
	}
	return nil
}
