package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"tuco/guestlib/xenbus"
)

// flood takes as much of the store as there is to be had, and reaches for what is others'.
func flood(store *xenbus.Store) error {
	const many = 5000
	for _, c := range []struct {
		what string
		want error
		do   func(n int) error
	}{
		{"nodes", syscall.ENOSPC, func(n int) error { return store.Write(fmt.Sprintf("data/flood/%d", n), "") }},
		{"bytes", syscall.ENOSPC, func(n int) error { return store.Write(fmt.Sprintf("data/bytes/%d", n), strings.Repeat("x", 1900)) }},
		{"transactions", syscall.ENOSPC, func(int) error { _, err := store.Begin(); return err }},
		{"watches", syscall.E2BIG, func(n int) error { _, err := store.Watch(fmt.Sprintf("data/%d", n)); return err }},
	} {
		n := 0
		err := error(nil)
		for ; err == nil && n < many; n++ {
			err = c.do(n)
		}
		if !errors.Is(err, c.want) {
			return fmt.Errorf("the store: the %dth of many %s: %v instead of %v", n, c.what, err, c.want)
		}
		refused("the store: "+c.what, fmt.Sprintf("%v after %d", c.want, n-1))
		if err := errors.Join(gone(store.Remove("data/flood")), gone(store.Remove("data/bytes"))); err != nil {
			return err
		}
	}
	for what, err := range map[string]error{
		"a node too large":    store.Write("data/large", strings.Repeat("x", 2500)),
		"domain 0's name":     store.Write("/local/domain/0/name", "rogue"),
		"a device of no one":  store.Write("/local/domain/0/backend/vbd/1/1/state", "4"),
		"the root's children": store.Write("/tool", ""),
	} {
		if err == nil {
			return fmt.Errorf("the store: %s could be written", what)
		}
		refused("the store: "+what, err)
	}
	return nil
}

// gone is an error other than that there is no such node.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
