package main

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
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
		if i == 0 && o.address != "" {
			if err := use(ctx, link, o); err != nil {
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

// use uses an interface, and closes it.
func use(ctx context.Context, link *netfront.Link, o options) error {
	address, err := sockets.ParseAddress(o.address)
	if err != nil {
		return err
	}
	i, err := sockets.Attach(link, "eth0", address)
	if err != nil {
		return err
	}
	if o.fetch != "" {
		err = fetch(ctx, o.fetch)
	}
	if err == nil && o.closed != "" {
		err = closed(ctx, o.closed)
	}
	if err == nil && o.echo != "" {
		err = sendBack(o.echo)
	}
	fmt.Printf("devices: network: %+v\n", link.Stats())
	return errors.Join(err, i.Close())
}

// sendBack sends back what one connection brings, until the other side has nothing more to send.
func sendBack(port string) error {
	listener, err := net.Listen("tcp", ":"+port)
	if err != nil {
		return err
	}
	defer listener.Close()
	fmt.Println("devices: echo: listens on", listener.Addr())
	conn, err := listener.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	n, err := io.CopyBuffer(struct{ io.Writer }{conn}, struct{ io.Reader }{conn}, make([]byte, 64<<10))
	fmt.Printf("devices: echo: %d bytes\n", n)
	return err
}

// closed tries to connect to where nothing may come from here. It is given some time, in which another connection would be there.
func closed(ctx context.Context, address string) error {
	const some = 2 * time.Second
	ctx, cancel := context.WithTimeout(ctx, some)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err == nil {
		return errors.Join(fmt.Errorf("%s can be reached", address), conn.Close())
	}
	fmt.Println("devices: closed:", err)
	return nil
}

// fetch fetches a page.
func fetch(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
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
	fmt.Printf("devices: %s: %s, %d bytes, CRC %08x\n", url, response.Status, len(body), crc32.ChecksumIEEE(body))
	return nil
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
