// Command asker is a guest that asks a web server for a page, again and again, and tells when the answer is another than before.
//
// Its command line has ip=ADDRESS/PREFIX,GATEWAY, the address of its network interface, and url=URL; every=DURATION is how long it waits between two
// questions, 2s if it isn't said. It ends when the toolstack asks it to.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"tuco/guestlib/here"
	"tuco/guestlib/netfront"
	"tuco/guestlib/sockets"
	"tuco/guestlib/toolstack"
)

func main() {
	log.SetFlags(0)
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

// patience is how long a back end, or a server, may take.
const patience = time.Minute

func run() error {
	o, err := parse(os.Args[1:])
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	link, err := netfront.Open(ctx, here.Domain(), "0")
	if err != nil {
		return err
	}
	if _, err := sockets.Attach(link, "eth0", o.address); err != nil {
		return err
	}
	store, err := here.Domain().Xenbus()
	if err != nil {
		return err
	}
	go o.ask()
	return toolstack.Follow(context.Background(), store)
}

// options are the words of the command line.
type options struct {
	address sockets.Address
	url     string
	every   time.Duration
}

func parse(words []string) (o options, err error) {
	o.every = 2 * time.Second
	found := false
	for _, word := range words {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "ip":
			o.address, err = sockets.ParseAddress(value)
			found = true
		case "url":
			o.url = value
		case "every":
			o.every, err = time.ParseDuration(value)
		default:
			err = errors.New("ip=ADDRESS/PREFIX,GATEWAY, url=URL and every=DURATION are known")
		}
		if err != nil {
			return o, fmt.Errorf("%s: %w", word, err)
		}
	}
	if !found || o.url == "" {
		return o, errors.New("the command line has no ip=ADDRESS/PREFIX,GATEWAY, or no url=URL: give both in guest.cfg's extra")
	}
	return o, nil
}

// ask asks for ever.
func (o *options) ask() {
	client := &http.Client{Timeout: patience}
	before := ""
	for {
		answer := fetch(client, o.url)
		if answer != before {
			log.Printf("%s: %s", o.url, answer)
		}
		before = answer
		time.Sleep(o.every)
	}
}

// fetch is what a server answers with, in a few words.
func fetch(client *http.Client, url string) string {
	r, err := client.Get(url)
	if err != nil {
		return err.Error()
	}
	defer r.Body.Close()
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return err.Error()
	}
	return r.Status
}
