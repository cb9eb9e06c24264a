// Command httpd is a guest that serves a page about itself, and its metrics in Prometheus' text form at /metrics.
//
// Words of its command line: listen=ADDRESS is where it listens, :80 if it isn't said; selftest has it fetch from itself over
// the loopback, check what it got, and end.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("httpd: ")
	listen, test := ":80", false
	for _, word := range os.Args[1:] {
		address, isListen := strings.CutPrefix(word, "listen=")
		switch {
		case isListen:
			listen = address
		case word == "selftest":
			test = true
		default:
			log.Fatalf("unknown word %q on the command line: listen=ADDRESS and selftest are known", word)
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
