// Command rogue is a guest that does what a guest must not: it is a hostile front end of its devices, it floods the store, and it reaches
// for what is others'. Each thing that it tries has to be refused in the way that is said here; where it is not, the program tells and fails.
//
// Words of its command line: devices attacks its disks and network interfaces, then the store, and at last its console; spy reaches for other domains' frames, grants,
// ports and nodes; remains looks for what an earlier domain has left in memory, and on a disk, and is itself that domain when it runs for the first time:
// it has to be started again then, and needs two disks that do not have room on the host's at once.
package main

import (
	"fmt"
	"os"
	"slices"
	"sync"

	"tuco/guestlib/frontend"
	"tuco/guestlib/here"
	"tuco/guestlib/xenbus"
)

func main() {
	err := run(os.Args[1:])
	if err == nil {
		fmt.Println("rogue: all was refused")
		if slices.Contains(os.Args[1:], "devices") {
			err = spoilConsole()
		}
	}
	if err != nil {
		fmt.Println("rogue: failed:", err)
		os.Exit(1)
	}
}

func run(words []string) error {
	domain := here.Domain()
	store, err := domain.Xenbus()
	if err != nil {
		return err
	}
	for _, word := range words {
		switch word {
		case "devices":
			err = devices(domain, store)
		case "spy":
			err = spy(store)
		case "remains":
			err = remains(domain)
		default:
			err = fmt.Errorf("unknown word %q on the command line: devices, spy and remains are known", word)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// attacks are what is done to the devices of a class: the first list to its first, third… device, the second to the others, since a back end lets
// nobody come as often as he likes.
var attacks = map[string][2][]func(*device) error{
	"vbd": {
		{diskProposals, (*device).storm, diskWorks},
		{diskRequests, diskAhead, diskBack, diskIntoItself, diskChanging, diskWorks},
	},
	"vif": {
		{networkProposals, networkChain, networkLongChain, networkAhead, networkWorks},
		{networkFrames, networkPages, networkPagesAhead, (*device).storm, networkWorks},
	},
}

// devices attacks all devices at once, and then the store.
func devices(domain frontend.Domain, store *xenbus.Store) error {
	var all sync.WaitGroup
	errs := make(chan error)
	for class, ready := range map[string]int{"vbd": initialised, "vif": connected} {
		names, err := frontend.Devices(domain, class)
		if err != nil {
			return err
		}
		for i, name := range names {
			d, err := open(domain, "device/"+class+"/"+name, ready)
			if err != nil {
				return err
			}
			all.Go(func() {
				for _, attack := range attacks[class][i%2] {
					if err := attack(d); err != nil {
						errs <- err
						return
					}
				}
			})
		}
	}
	go func() {
		all.Wait()
		close(errs)
	}()
	if err := <-errs; err != nil {
		return err
	}
	if err := flood(store); err != nil {
		return err
	}
	return spoilStore()
}

// refused tells of something that was refused as it has to be.
func refused(what string, how any) { fmt.Printf("rogue: %s: %v\n", what, how) }
