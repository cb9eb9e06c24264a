package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"tuco/guestlib/frontend"
	"tuco/guestlib/netfront"
	"tuco/guestlib/sockets"
)

const port = 7 // echo

// openNetwork joins the network. With a peer it connects to it, and returns what sends a block there and waits until it has come back, and what ends that wait; otherwise it sends
// back what comes.
func openNetwork(ctx context.Context, domain frontend.Domain, address, peer string) (exchange func(int) error, interrupt func(), err error) {
	names, err := netfront.Devices(domain)
	if err != nil || len(names) == 0 {
		return nil, nil, errors.Join(err, errors.New("there is no network interface"))
	}
	link, err := netfront.Open(ctx, domain, names[0])
	if err != nil {
		return nil, nil, err
	}
	at, err := sockets.ParseAddress(address)
	if err != nil {
		return nil, nil, err
	}
	if _, err := sockets.Attach(link, "eth0", at); err != nil {
		return nil, nil, err
	}
	if peer == "" {
		l, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
		if err != nil {
			return nil, nil, err
		}
		go echo(l)
		return nil, func() {}, nil
	}
	c, err := dial(net.JoinHostPort(peer, fmt.Sprint(port)))
	if err != nil {
		return nil, nil, err
	}
	exchange = func(n int) error { return send(c, bytesOf(uint64(n))) }
	return exchange, func() { _ = c.SetDeadline(time.Now()) }, nil // it can't fail: the connection is open
}

func echo(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			fail(err)
		}
		go func() {
			defer c.Close()
			_, _ = io.Copy(c, c) // the peer knows how much comes back
		}()
	}
}

// dial connects to a peer that may be starting too.
func dial(to string) (c net.Conn, err error) {
	const tries = 120
	for range tries {
		if c, err = net.DialTimeout("tcp", to, 10*time.Second); err == nil {
			return c, nil
		}
		time.Sleep(500 * time.Millisecond)
	}
	return nil, err
}

// send sends bytes, and receives them.
func send(c net.Conn, want []byte) error {
	if _, err := c.Write(want); err != nil {
		return err
	}
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return errors.New("something else has come back than was sent")
	}
	return nil
}
