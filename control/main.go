package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"

	"tuco/control/api"
	"tuco/control/daemons"
	"tuco/control/domains"
	"tuco/control/hypervisor"
	"tuco/control/trace"
	"tuco/guestlib/evtchn"
	ramdisk "tuco/guestlib/files"
	"tuco/hypercall"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "control: %v\n", err)
		os.Exit(1)
	}
	fmt.Println("control: all guests have ended")
}

func run() error {
	limitHeap()
	root := os.DirFS("/")
	words, err := allWords(os.Args[1:], root)
	if err != nil {
		return err
	}
	goesOn := slices.Contains(words, "keep")
	guests, err := guestFiles(root)
	if err != nil {
		return err
	}
	host, err := hypervisor.Open()
	if err != nil {
		return err
	}
	ends, err := evtchn.BindVIRQ(hypercall.VIRQ_DOM_EXC, 0)
	if err != nil {
		return err
	}
	defer ends.Close()
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	stores, consoles := newStores(host, log), newConsoles(host, words, log)
	devices := findDevices(log)
	disks, durable, err := newDisks(devices, stores.own, words, log)
	if err != nil {
		return err
	}
	kept, err := keep(disks.Volumes, durable, files{ramdisk.Ramdisk()}, words, log)
	if err != nil {
		return err
	}
	network, err := newNetwork(devices, stores.own, words, log)
	if err != nil {
		return err
	}
	if err := keepRules(kept.network, network, root, log); err != nil {
		return err
	}
	m := domains.New(domains.Options{
		Hypervisor: host, Images: kept, Room: unpackRoom, Store: kept.guests, Signals: stores, Log: log,
		Services: []domains.Service{stores, consoles, disks, network}, Evidence: []domains.Evidence{{Name: "console", Text: consoles.End}},
		Gone: consoles.Forget, Spent: host.Spent, Own: &devices.own,
	})
	room := daemons.New(log, time.Now,
		daemons.Daemon{Name: "block", Service: disks}, daemons.Daemon{Name: "network", Service: network},
		daemons.Daemon{Name: "console", Service: consoles}, daemons.Daemon{Name: "store", Service: stores})
	if err := bring(m, kept, guests, log); err != nil {
		return err
	}
	if len(m.List()) == 0 && !goesOn {
		return errors.New("there is no guest to start: none is on record, and the ramdisk has no " + guestDir + "/NAME.cfg")
	}
	w := newWatch(m, kept.images, log, ends, goesOn)
	w.stop, err = manage(api.Options{
		Guests: m, Machine: host, Trace: trace.New(host), Consoles: consoles, Daemons: restartable{room}, Volumes: disks.Volumes, Images: kept.images,
		Disks: disks.Disks, Interfaces: network.Interfaces, PowerOff: w.end, Version: version, Log: log,
	}, network.Gateway, words, root)
	if err != nil {
		return errors.Join(err, leave(m, 0))
	}
	fmt.Println("control: help lists what can be typed here")
	counts := figures{host, stores.daemon}
	go (&commands{guests: m, keyboards: consoles, daemons: room, to: os.Stdout, files: guests, figures: counts.text, end: w.end}).serve(os.Stdin)
	err = w.run()
	tellPauses(log)
	return err
}

// withoutTime leaves the time out: the console's reader, and the hypervisor's log, have a clock.
func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
