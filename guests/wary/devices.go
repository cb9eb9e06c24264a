package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"tuco/guestlib/frontend"
	"tuco/guestlib/here"
	"tuco/guestlib/xenbus"
)

// tries is how often a device is used that does not fail.
const tries = 8

// use uses a device a number of times, as the number'th of all that are used.
type use func(ctx context.Context, domain frontend.Domain, name string) error

// devices uses all devices, and says how that went.
func devices(domain *here.Here) error {
	store, err := domain.Xenbus()
	if err != nil {
		return err
	}
	over := make(chan struct{})
	good := make(chan error)
	go func() { good <- goOn(domain, over) }()
	var all sync.WaitGroup
	const atOnce = 6 // each may have a transaction in the store, which lets nobody have many
	turn := make(chan struct{}, atOnce)
	for class, use := range map[string]use{"vbd": disk, "vif": network} {
		names, err := frontend.Devices(domain, class)
		if err != nil {
			return err
		}
		for _, name := range names {
			const ownSakes = 10
			if n, err := strconv.Atoi(name); err != nil || n < ownSakes {
				continue
			}
			all.Go(func() {
				turn <- struct{}{}
				defer func() { <-turn }()
				tell(store, class+"/"+name, patiently(store, class, name, func(ctx context.Context) error { return use(ctx, domain, name) }))
			})
		}
	}
	all.Wait()
	close(over)
	tell(store, "good", <-good)
	return nil
}

// tell says how something went.
func tell(store *xenbus.Store, what string, err error) {
	said := works
	if err != nil {
		said = err.Error()
	}
	if err := store.Write("data/"+what, said); err != nil {
		fmt.Printf("wary: %s: %s; and that can't be said: %v\n", what, said, err)
	}
}

// patiently does something that may take for ever, unless the toolstack says that it will.
func patiently(store *xenbus.Store, class, name string, do func(context.Context) error) error {
	if _, err := store.Read("device/" + class + "/" + name + "/give-up"); err != nil {
		return do(context.Background())
	}
	const some = time.Second
	ctx, cancel := context.WithTimeout(context.Background(), some)
	defer cancel()
	return do(ctx)
}

// again uses a device until it has failed, or often enough. A device that its back end has closed is connected again, some times.
func again(device interface {
	Resume(context.Context) error
	Close() error
}, ctx context.Context, once func(n int) error) error {
	const comes = 3
	stop := context.AfterFunc(ctx, func() { device.Close() })
	defer stop()
	come := 0
	for n := range tries {
		err := once(n)
		for ; errors.Is(err, frontend.ErrDisconnected) && come < comes; come++ {
			if resumed := device.Resume(context.Background()); resumed != nil {
				return resumed
			}
			err = once(n)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
