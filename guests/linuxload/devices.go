package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// tryDevices does the parts of the load that need devices.
func tryDevices(console io.Writer, load config) error {
	if load.devices || load.disk > 0 || load.network > 0 {
		if err := connect(console, load.address); err != nil {
			return fmt.Errorf("devices: %w", err)
		}
	}
	if load.store {
		if err := part(console, "store", tryStore, "%d commands", len(storeSteps)); err != nil {
			return err
		}
	}
	if load.disk > 0 {
		d := disk{console: console, device: firstDisk, at: mountPoint, files: int(load.disk / fileSize)}
		if load.cut {
			d.cut = restart
		}
		if err := part(console, "disk", d.try, "%d MiB", load.disk>>20); err != nil {
			return err
		}
	}
	if load.network > 0 {
		exchange := func() error { return exchange(load.peer, int64(load.network)) }
		if err := part(console, "net", exchange, "%d MiB both ways", load.network>>20); err != nil {
			return err
		}
	}
	return nil
}

func loadModules(names ...string) error {
	for _, name := range names {
		if err := runProgram("/bbin/modprobe", name); err != nil {
			return err
		}
	}
	return nil
}

// runProgram runs a program. Its output is in the error, if it fails.
func runProgram(name string, words ...string) error {
	out, err := exec.Command(name, words...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(words, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// How long a device may take to come, and what is asked how often.
const (
	patience = 5 * time.Minute
	each     = 50 * time.Millisecond
)

// await waits until something works.
func await(what string, works func() error) error {
	for end := time.Now().Add(patience); ; time.Sleep(each) {
		err := works()
		if err == nil {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("%s: after %v: %w", what, patience, err)
		}
	}
}

// Xen's bus, where each device has a directory named by its kind and number.
const bus = "/sys/bus/xen/devices"

// firstDisk is xvda, whose number is 202<<8.
const firstDisk = "/dev/xvda"

// connect loads the front ends, waits for the first disk and the first network interface if the machine has them, and has the interface get an
// address: by DHCP where none is given.
func connect(console io.Writer, address string) error {
	if err := loadModules("xen-blkfront", "xen-netfront"); err != nil {
		return err
	}
	if exists(filepath.Join(bus, "vbd-51712")) {
		if err := await("the first disk", func() error { return find(firstDisk) }); err != nil {
			return err
		}
		fmt.Fprintln(console, "linuxload: disk:", firstDisk)
	}
	if exists(filepath.Join(bus, "vif-0")) {
		if err := await("the first network interface", func() error { return find("/sys/class/net/eth0") }); err != nil {
			return err
		}
		if err := configure(address); err != nil {
			return err
		}
		has, err := addressOf("eth0")
		if err != nil {
			return err
		}
		fmt.Fprintln(console, "linuxload: net: eth0 has", has)
	}
	return nil
}

func configure(address string) error {
	if address == "" {
		return runProgram("/bin/udhcpc", "-i", "eth0", "-s", "/etc/udhcpc/default.script", "-f", "-q", "-n", "-t", "20")
	}
	if err := runProgram("/bin/busybox", "ip", "address", "add", address, "dev", "eth0"); err != nil {
		return err
	}
	return runProgram("/bin/busybox", "ip", "link", "set", "eth0", "up")
}

func addressOf(name string) (net.Addr, error) {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return nil, err
	}
	all, err := i.Addrs()
	if err == nil && len(all) == 0 {
		err = errors.New(name + " has no address")
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

func find(path string) error {
	_, err := os.Stat(path)
	return err
}

func exists(path string) bool { return find(path) == nil }
