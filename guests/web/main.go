// Command web is a guest that serves files, which are on its own disk: they are there again when the guest, or the host, is.
//
// Its command line has ip=ADDRESS/PREFIX,GATEWAY, the address of its network interface, and may have listen=ADDRESS, :80 if it isn't said. It ends
// when the toolstack asks it to.
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

	"tuco/guestlib/blk"
	"tuco/guestlib/here"
	"tuco/guestlib/netfront"
	"tuco/guestlib/power"
	"tuco/guestlib/sockets"
	"tuco/guestlib/toolstack"
	"tuco/guests/web/shelf"
)

func main() {
	log.SetFlags(0)
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

// patience is how long a back end may take to connect.
const patience = time.Minute

func run() error {
	address, listen, err := words(os.Args[1:])
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	files, err := open(ctx)
	if err != nil {
		return err
	}
	link, err := netfront.Open(ctx, here.Domain(), "0")
	if err != nil {
		return fmt.Errorf("network interface: %w; guest.cfg gives it one with vif = ['ip=…']", err)
	}
	if _, err := sockets.Attach(link, "eth0", address); err != nil {
		return err
	}
	site, err := newSite(files)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	store, err := here.Domain().Xenbus()
	if err != nil {
		return err
	}
	power.AtEnd(func(r power.Reason) { log.Println("asked to", r) })
	server := &http.Server{Handler: site, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 2)
	go func() { ended <- toolstack.Follow(context.Background(), store) }()
	go func() { ended <- server.Serve(listener) }()
	log.Printf("start %d of this disk; %d files; listens on %v", site.starts, len(site.names()), listener.Addr())
	return <-ended
}

// words are those of the command line.
func words(args []string) (address sockets.Address, listen string, err error) {
	listen = ":80"
	found := false
	for _, word := range args {
		switch name, value, _ := strings.Cut(word, "="); name {
		case "ip":
			if address, err = sockets.ParseAddress(value); err != nil {
				return address, "", fmt.Errorf("%s: %w", word, err)
			}
			found = true
		case "listen":
			listen = value
		default:
			return address, "", fmt.Errorf("unknown word %q on the command line: ip=ADDRESS/PREFIX,GATEWAY and listen=ADDRESS are known", word)
		}
	}
	if !found {
		return address, "", fmt.Errorf("the command line has no ip=ADDRESS/PREFIX,GATEWAY: give one in guest.cfg's extra")
	}
	return address, listen, nil
}

// open opens the files of the first disk.
func open(ctx context.Context) (*shelf.Shelf, error) {
	disks, err := blk.Devices(here.Domain())
	if err != nil {
		return nil, err
	}
	if len(disks) == 0 {
		return nil, fmt.Errorf("there is no disk for the files: guest.cfg gives one with disk = ['vol:NAME,xvda,w']")
	}
	disk, err := blk.Open(ctx, here.Domain(), disks[0])
	if err != nil {
		return nil, fmt.Errorf("disk %s: %w", disks[0], err)
	}
	files, err := shelf.Open(disk)
	if err != nil {
		return nil, fmt.Errorf("disk %s: %w", disks[0], err)
	}
	return files, nil
}
