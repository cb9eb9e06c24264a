package main

import (
	"context"
	"errors"
	"fmt"

	"tuco/guestlib/frontend"
	"tuco/guestlib/netfront"
)

// network uses a network interface: for each frame that it sends one has to come.
func network(ctx context.Context, domain frontend.Domain, name string) error {
	link, err := netfront.Open(ctx, domain, name)
	if err != nil {
		return err
	}
	defer link.Close()
	return again(link, ctx, func(int) error {
		err := exchange(link, link)
		if errors.Is(err, frontend.ErrClosed) {
			err = fmt.Errorf("vif/%s: %w", name, err) // of this the library does not say where it comes from
		}
		return err
	})
}

// exchange sends a frame by an interface and waits for one at another.
func exchange(from, to *netfront.Link) error {
	if _, err := from.Send([]netfront.Frame{{Data: question(from, to)}}); err != nil {
		return err
	}
	g := newGuarded(netfront.MaxFrame)
	in := []netfront.Frame{{Data: g.room}}
	if _, err := to.Receive(in); err != nil {
		return err
	}
	return g.intact(len(in[0].Data))
}

// question asks whether an address is free, which everybody may ask who has none: an ARP probe, RFC 5227.
func question(from, to *netfront.Link) []byte {
	mine, theirs := from.Info().MAC, to.Info().MAC
	frame := append(append([]byte(nil), theirs[:]...), mine[:]...)
	frame = append(frame, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1)
	frame = append(frame, mine[:]...)
	return append(frame, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 77, 0, 99)
}
