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
	"tuco/control/images"
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
	keep := slices.Contains(os.Args[1:], "keep")
	guests, err := guestFiles(os.DirFS("/"), keep)
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
	stores, consoles := newStores(host, log), newConsoles(host, log)
	devices := findDevices(log)
	disks, err := newDisks(devices, stores.own, os.Args[1:], log)
	if err != nil {
		return err
	}
	network, err := newNetwork(devices, stores.own, os.Args[1:], log)
	if err != nil {
		return err
	}
	uploads := &images.Store{Volumes: disks.Volumes, Room: imageRoom}
	m := domains.New(domains.Options{
		Hypervisor: host, Images: sources{files{ramdisk.Ramdisk()}, uploads}, Store: &memory{}, Signals: stores, Log: log,
		Services: []domains.Service{stores, consoles, disks, network}, Evidence: []domains.Evidence{{Name: "console", Text: consoles.End}},
		Gone: consoles.Forget,
	})
	room := daemons.New(log, time.Now,
		daemons.Daemon{Name: "block", Restart: disks.Restart}, daemons.Daemon{Name: "network", Restart: network.Restart},
		daemons.Daemon{Name: "console", Restart: consoles.Restart}, daemons.Daemon{Name: "store", Restart: stores.Restart})
	if err := m.Restore(); err != nil { // takes away what an earlier control domain has left
		return err
	}
	for _, g := range guests {
		if err := m.Create(g); err != nil {
			return errors.Join(fmt.Errorf("guest %q: %w", g.Name, err), destroyAll(m))
		}
	}
	w := newWatch(m, uploads, log, ends, keep)
	w.stop, err = manage(api.Options{
		Guests: m, Machine: host, Consoles: consoles, Daemons: restartable{room}, Volumes: disks.Volumes, Images: uploads,
		Disks: disks.Disks, Interfaces: network.Interfaces, PowerOff: w.end, Version: version, Log: log,
	}, network.Gateway, os.Args[1:], os.DirFS("/"))
	if err != nil {
		return errors.Join(err, destroyAll(m))
	}
	fmt.Println("control: help lists what can be typed here")
	counts := figures{host, stores.daemon}
	go (&commands{guests: m, keyboards: consoles, daemons: room, to: os.Stdout, files: guests, figures: counts.text, end: w.end}).serve(os.Stdin)
	return w.run()
}

// withoutTime leaves the time out: the console's reader, and the hypervisor's log, have a clock.
func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

func destroyAll(m *domains.Manager) (err error) {
	for _, i := range m.List() {
		err = errors.Join(err, m.Destroy(i.Config.Name))
	}
	return err
}
