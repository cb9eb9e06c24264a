package main

import (
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"time"

	"tuco/guestlib/frontend"
	"tuco/guestlib/netfront"
	"tuco/guestlib/sockets"
)

// networks tries each network interface that there is. The first gets the address.
func networks(ctx context.Context, domain frontend.Domain, o options) error {
	names, err := netfront.Devices(domain)
	if err != nil {
		return err
	}
	for i, name := range names {
		link, err := netfront.Open(ctx, domain, name)
		if err != nil {
			return fmt.Errorf("network interface %s: %w", name, err)
		}
		fmt.Printf("devices: network interface %s: %x, MTU %d\n", name, link.Info().MAC, link.Info().MTU)
		if i == 0 && o.fetch != "" {
			if err := fetch(ctx, link, o); err != nil {
				return fmt.Errorf("network interface %s: %w", name, err)
			}
			continue
		}
		if err := link.Close(); err != nil {
			return err
		}
	}
	return nil
}

// fetch fetches a page over an interface, which is closed after it.
func fetch(ctx context.Context, link *netfront.Link, o options) error {
	address, err := sockets.ParseAddress(o.address)
	if err != nil {
		return err
	}
	i, err := sockets.Attach(link, "eth0", address)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, o.fetch, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	for err != nil && wait(ctx, time.Second) { // the server may be starting too
		response, err = http.DefaultClient.Do(request)
	}
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	fmt.Printf("devices: %s: %s, %d bytes, CRC %08x\n", o.fetch, response.Status, len(body), crc32.ChecksumIEEE(body))
	fmt.Printf("devices: network: %+v\n", link.Stats())
	return i.Close()
}

// wait waits for some time, and tells whether the context still lasts.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
