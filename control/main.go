package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"tuco/control/daemons"
	"tuco/control/domains"
	"tuco/control/hypervisor"
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
	guests, err := guestFiles(os.DirFS("/"))
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
	network, forwards, err := newNetwork(devices, stores.own, os.Args[1:], log)
	if err != nil {
		return err
	}
	m := domains.New(domains.Options{
		Hypervisor: host, Images: files{ramdisk.Ramdisk()}, Store: &memory{}, Signals: stores, Log: log,
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
	if err := forwardAll(network.Gateway, forwards); err != nil {
		return errors.Join(err, destroyAll(m))
	}
	fmt.Println("control: help lists what can be typed here")
	counts := figures{host, stores.daemon}
	go (&commands{guests: m, keyboards: consoles, daemons: room, to: os.Stdout, files: guests, figures: counts.text}).serve(os.Stdin)
	return watch(m, log, ends)
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

// watch looks after the guests until none runs any more. Whatever is left then goes.
func watch(m *domains.Manager, log *slog.Logger, ends *evtchn.Channel) error {
	for running(m) {
		if err := wait(ends); err != nil {
			return err
		}
		if err := m.Poll(); err != nil {
			log.Error("looking after guests", "error", err)
		}
	}
	var err error
	for _, i := range m.List() {
		if i.State == domains.Failed {
			err = errors.Join(err, errors.New(i.Why))
		}
	}
	for _, r := range m.Reports("") {
		err = errors.Join(err, fmt.Errorf("guest %q has crashed: %s, after %v", r.Guest, r.Reason, r.Lived.Round(time.Millisecond)))
	}
	return errors.Join(err, destroyAll(m))
}

// wait waits for the end of a domain, or a second: Poll also has to try again what has failed.
func wait(ends *evtchn.Channel) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := ends.Wait(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

func running(m *domains.Manager) bool {
	for _, i := range m.List() {
		if i.State != domains.Ended && i.State != domains.Failed {
			return true
		}
	}
	return false
}
