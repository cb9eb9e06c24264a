// Command httpd is a guest that serves a page about itself, and its metrics in Prometheus' text form at /metrics.
//
// Words of its command line: ip=ADDRESS/PREFIX or ip=ADDRESS/PREFIX,GATEWAY gives its network interface an address; without
// one it has the loopback only. listen=ADDRESS is where it listens, :80 if it isn't said; selftest has it fetch from itself
// over the loopback, check what it got, and end.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"tuco/guestlib/here"
	"tuco/guestlib/netfront"
	"tuco/guestlib/sockets"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("httpd: ")
	listen, test := ":80", false
	for _, word := range os.Args[1:] {
		switch name, value, _ := strings.Cut(word, "="); name {
		case "ip":
			if err := attach(value); err != nil {
				log.Fatalf("%s: %v", word, err)
			}
		case "listen":
			listen = value
		case "selftest":
			test = true
		default:
			log.Fatalf("unknown word %q on the command line: ip=ADDRESS, listen=ADDRESS and selftest are known", word)
		}
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		log.Fatal(err)
	}
	log.Println("listens on", listener.Addr())
	server := &http.Server{Handler: newSite(), ReadHeaderTimeout: 10 * time.Second}
	if !test {
		log.Fatal(server.Serve(listener))
	}
	go func() {
		if err := server.Serve(listener); err != http.ErrServerClosed {
			log.Fatal(err)
		}
	}()
	if err := selftest(listener.Addr().(*net.TCPAddr).Port); err != nil {
		log.Fatal("selftest: ", err)
	}
	if err := server.Close(); err != nil {
		log.Fatal(err)
	}
	fmt.Println("httpd: selftest: ok")
}

// attach connects the guest's first network interface, with an address.
func attach(text string) error {
	address, err := sockets.ParseAddress(text)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	link, err := netfront.Open(ctx, here.Domain(), "0")
	if err != nil {
		return err
	}
	_, err = sockets.Attach(link, "eth0", address)
	return err
}
