// Command power is a guest that does what a toolstack asks for by the store. It is started as domain 0, which has no store, so it
// brings both along: a store in memory, and a toolstack that asks for what the command line says, poweroff, reboot, suspend or
// memory.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"tuco/guestlib/balloon"
	"tuco/guestlib/page"
	"tuco/guestlib/power"
	"tuco/guestlib/toolstack"
	"tuco/guestlib/xenbus/xenbustest"
)

func main() {
	request := "poweroff"
	if len(os.Args) > 1 {
		request = os.Args[1]
	}
	const id = 0
	server := xenbustest.New()
	store := server.Connect(id)
	power.AtEnd(func(r power.Reason) { fmt.Println("power: asked to", r, "and ready") })
	power.AtSuspend(device{})
	go func() {
		fmt.Println("power: the store:", toolstack.Follow(context.Background(), store))
		os.Exit(1)
	}()
	if request == "memory" {
		memory(server)
		request = "poweroff"
	}
	server.Write(xenbustest.Home(id)+"/control/shutdown", request)
	time.Sleep(time.Minute)
	fmt.Println("power: nothing came of it")
	os.Exit(1)
}

// memory asks for less memory, and then for all of it again.
func memory(server *xenbustest.Server) {
	most, err := balloon.Pages()
	if err != nil {
		fmt.Println("power:", err)
		os.Exit(1)
	}
	for _, pages := range []uint64{most - 1000, most} {
		server.Write(xenbustest.Home(0)+"/memory/target", strconv.FormatUint(pages*page.Size/1024, 10))
		for now := uint64(0); now != pages; {
			time.Sleep(time.Millisecond)
			now, _ = balloon.Pages()
		}
		fmt.Println("power: the memory is", most-pages, "pages less")
	}
}

// device is somebody who has something to do before the domain is saved.
type device struct{}

func (device) Suspend() error {
	fmt.Println("power: ready to be saved")
	return nil
}

func (device) Resume(cancelled bool) error {
	fmt.Println("power: back again; cancelled:", cancelled)
	os.Exit(0)
	return nil
}
