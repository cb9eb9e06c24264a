// Command load is a guest that keeps its devices busy until somebody ends it: it writes to its first disk round by round, each made durable before it is
// told, and fetches a page over its first network interface again and again.
//
// On its disk it finds what an earlier one has written, and checks it first. Words of its command line: flushed=FROM-TO,FROM-TO… is the
// rounds that earlier ones have told of, whose blocks have to be there; address=ADDRESS/PREFIX is the network interface's, and fetch=URL what to fetch.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"tuco/guestlib/blk"
	"tuco/guestlib/frontend"
	"tuco/guestlib/here"
	"tuco/guestlib/netfront"
	"tuco/guestlib/sockets"
	"tuco/guestlib/toolstack"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Println("load: failed:", err)
		os.Exit(1)
	}
}

// options is what the command line says.
type options struct {
	flushed        []span
	address, fetch string
}

func parse(words []string) (o options, err error) {
	for _, word := range words {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "flushed":
			if o.flushed, err = parseSpans(value); err != nil {
				return o, fmt.Errorf("%q: %w", word, err)
			}
		case "address":
			o.address = value
		case "fetch":
			o.fetch = value
		default:
			return o, fmt.Errorf("unknown word %q on the command line: flushed=FROM-TO,…, address=ADDRESS/PREFIX and fetch=URL are known", word)
		}
	}
	if (o.address == "") != (o.fetch == "") {
		return o, errors.New("address and fetch are of use only together")
	}
	return o, nil
}

// patience is how long a back end may take to connect.
const patience = 5 * time.Minute

func run(words []string) error {
	o, err := parse(words)
	if err != nil {
		return err
	}
	domain := here.Domain()
	store, err := domain.Xenbus()
	if err != nil {
		return err
	}
	ended := make(chan error, 3)
	go func() { ended <- toolstack.Follow(context.Background(), store) }()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	names, err := blk.Devices(domain)
	if err != nil {
		return err
	}
	if len(names) > 0 {
		d, err := blk.Open(ctx, domain, names[0])
		if err != nil {
			return fmt.Errorf("disk %s: %w", names[0], err)
		}
		go func() { ended <- write(d, o.flushed) }()
	}
	if o.fetch != "" {
		if err := attach(ctx, domain, o.address); err != nil {
			return err
		}
		go func() { ended <- fetchAll(o.fetch) }()
	}
	return <-ended
}

// attach connects the first network interface.
func attach(ctx context.Context, domain frontend.Domain, text string) error {
	address, err := sockets.ParseAddress(text)
	if err != nil {
		return err
	}
	link, err := netfront.Open(ctx, domain, "0")
	if err != nil {
		return fmt.Errorf("network interface: %w", err)
	}
	_, err = sockets.Attach(link, "eth0", address)
	return err
}

// fetchAll fetches a page for ever, and tells of the first time. The server may be starting, or gone for a while.
func fetchAll(url string) error {
	for n := 0; ; {
		if err := fetch(url); err != nil {
			time.Sleep(100 * time.Millisecond)
			continue
		}
		if n++; n == 1 {
			fmt.Println("load: fetched", url)
		}
	}
}

func fetch(url string) error {
	response, err := http.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}
