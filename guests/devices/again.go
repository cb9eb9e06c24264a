package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"tuco/guestlib/blk"
	"tuco/guestlib/frontend"
	"tuco/guestlib/here"
	"tuco/guestlib/netfront"
	"tuco/guestlib/power"
	"tuco/guestlib/sockets"
	"tuco/guestlib/toolstack"
)

// again uses the first disk and the first interface in rounds, until somebody asks the domain to end. Then a round more is made: all that
// disturbed the domain before has no way to hide in a round that was never finished.
func again(ctx context.Context, domain *here.Here, o options) error {
	disk, err := openFirst(ctx, domain, blk.Devices, blk.Open)
	if err != nil {
		return err
	}
	link, err := openFirst(ctx, domain, netfront.Devices, netfront.Open)
	if err != nil {
		return err
	}
	address, err := sockets.ParseAddress(o.address)
	if err != nil {
		return err
	}
	if _, err := sockets.Attach(link, "eth0", address); err != nil {
		return err
	}
	store, err := domain.Xenbus()
	if err != nil {
		return err
	}
	var asked atomic.Bool
	over := make(chan struct{})
	power.AtEnd(func(power.Reason) { asked.Store(true); <-over })
	go toolstack.Follow(context.Background(), store)
	for round, last := 1, false; !last; round++ {
		const rest = 50 * time.Millisecond // for others
		time.Sleep(rest)
		last = asked.Load()
		const most = 1 << 20
		if err := fill(disk, most, byte(round)); err != nil {
			return fmt.Errorf("round %d: disk: %w", round, err)
		}
		if err := echo(ctx, o.again, round); err != nil {
			return fmt.Errorf("round %d: network: %w", round, err)
		}
		if last || round == 1 {
			fmt.Printf("devices: round %d: what was written and sent came back\n", round)
		}
	}
	fmt.Println("devices: ok")
	close(over)
	select {} // the domain ends
}

// openFirst opens the first device of a class.
func openFirst[T any](
	ctx context.Context, domain frontend.Domain, list func(frontend.Domain) ([]string, error), open func(context.Context, frontend.Domain, string) (T, error),
) (one T, err error) {
	names, err := list(domain)
	if err == nil && len(names) == 0 {
		err = errors.New("the domain has no such device")
	}
	if err != nil {
		return one, err
	}
	return open(ctx, domain, names[0])
}

// echo sends data to a server, which answers with them.
func echo(ctx context.Context, url string, round int) error {
	const size = 128 << 10
	want := make([]byte, size)
	if _, err := io.ReadFull(rand.NewChaCha8([32]byte{2, byte(round)}), want); err != nil {
		return err
	}
	response, err := http.Post(url, "application/octet-stream", bytes.NewReader(want))
	for err != nil && round == 1 && wait(ctx, time.Second) { // the server may be starting too
		response, err = http.Post(url, "application/octet-stream", bytes.NewReader(want))
	}
	if err != nil {
		return err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%d bytes were sent, and %d others came back", len(want), len(got))
	}
	return nil
}
