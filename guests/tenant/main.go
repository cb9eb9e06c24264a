// Command tenant is a guest that is not domain 0: it needs a store, and so a toolstack in domain 0. It does a little of all that the
// store can, and then lives by it: it counts in the node data/alive, tells what changes below data, has less memory when asked to, is
// saved and restored, and ends when asked to.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"

	"tuco/guestlib/balloon"
	"tuco/guestlib/grant"
	"tuco/guestlib/power"
	"tuco/guestlib/toolstack"
	"tuco/guestlib/xenbus"
	"tuco/hypercall"
)

func main() {
	store, err := xenbus.Open()
	if err != nil {
		fail(err)
	}
	if err := try(store); err != nil {
		fail(err)
	}
	if _, err := grant.Open(); err != nil { // which has to be saved, too
		fail(err)
	}
	watch, err := store.Watch("data")
	if err != nil {
		fail(err)
	}
	power.AtSuspend(&device{})
	power.AtEnd(func(r power.Reason) { fmt.Println("tenant: asked to", r) })
	go count(store)
	go tell(watch)
	fail(toolstack.Follow(context.Background(), store))
}

func fail(err error) {
	fmt.Println("tenant:", err)
	os.Exit(1)
}

// try does what the store can.
func try(store *xenbus.Store) error {
	name, err := store.Read("name")
	if err != nil {
		return err
	}
	id, err := store.Read("domid")
	if err != nil {
		return err
	}
	number, err := strconv.ParseUint(id, 10, 16)
	if err != nil {
		return err
	}
	home, err := store.DomainPath(0)
	if err != nil || home != "/local/domain/0" {
		return fmt.Errorf("domain 0 is at %q: %w", home, err)
	}
	if _, err := store.Read("nothing"); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("a node that is not there: %w", err)
	}
	if err := store.Write("/local/domain/0/name", "mine"); !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("domain 0's name: %w", err)
	}
	if err := store.WriteAll(map[string]string{"data/a": "1", "data/b": "2"}); err != nil {
		return err
	}
	names, err := store.List("data")
	if err != nil || !slices.Contains(names, "a") || !slices.Contains(names, "b") {
		return fmt.Errorf("data has %q: %w", names, err)
	}
	perms := []xenbus.Perm{{Domain: hypercall.DomID(number)}, {Domain: 0, Read: true, Write: true}}
	if err := store.SetPerms("data/a", perms...); err != nil {
		return err
	}
	got, err := store.Perms("data/a")
	if err != nil || !slices.Equal(got, perms) {
		return fmt.Errorf("permissions %v: %w", got, err)
	}
	if err := quota(store); err != nil {
		return err
	}
	fmt.Printf("tenant: %s, domain %d: the store is as it should be\n", name, number)
	return nil
}

// quota writes until the daemon has enough.
func quota(store *xenbus.Store) error {
	const many = 100_000
	n := 0
	for err := error(nil); !errors.Is(err, syscall.ENOSPC); n++ {
		if err != nil || n == many {
			return fmt.Errorf("after %d nodes: %w", n, err)
		}
		err = store.Write(fmt.Sprintf("data/many/a-child-with-a-long-name-%d", n), "")
	}
	names, err := store.List("data/many")
	if err != nil || len(names) != n-1 {
		return fmt.Errorf("%d nodes of %d: %w", len(names), n-1, err)
	}
	return store.Remove("data/many")
}

// count shows that the domain lives.
func count(store *xenbus.Store) {
	for n := 1; ; n++ {
		if err := store.Write("data/alive", strconv.Itoa(n)); err != nil && !errors.Is(err, xenbus.ErrReset) {
			fail(err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// tell tells what others change.
func tell(watch *xenbus.Watch) {
	for {
		paths, err := watch.Wait(context.Background())
		if err != nil {
			fail(err)
		}
		for _, p := range paths {
			if p == "data/from-domain-0" {
				pages, err := balloon.Pages()
				fmt.Println("tenant: domain 0 has written;", pages, "pages", err)
			}
		}
	}
}

// device tells of being saved.
type device struct{ begin time.Time }

func (d *device) Suspend() error {
	d.begin = time.Now()
	fmt.Println("tenant: about to be saved")
	return nil
}

func (d *device) Resume(cancelled bool) error {
	if time.Since(d.begin) < 0 {
		return errors.New("the clock went back")
	}
	fmt.Println("tenant: goes on; cancelled:", cancelled)
	return nil
}
