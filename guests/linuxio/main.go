package main

import (
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// options is what the kernel's command line says.
type options struct{ own, ping, send netip.Addr }

func main() {
	runtime.LockOSThread()
	if err := run(); err != nil {
		fmt.Println("linuxio:", err)
		_ = os.WriteFile("/proc/sysrq-trigger", []byte("c"), 0) // so that the host hears of it
	}
	fmt.Println("linuxio: done")
	time.Sleep(100 * time.Millisecond) // until the console's driver has it
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

func run() error {
	for dir, kind := range map[string]string{"/proc": "proc", "/sys": "sysfs", "/dev": "devtmpfs"} {
		if err := unix.Mount(kind, dir, kind, 0, ""); err != nil && err != unix.EBUSY {
			return fmt.Errorf("mount %s: %w", dir, err)
		}
	}
	line, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return err
	}
	o, err := parse(string(line))
	if err != nil {
		return err
	}
	if err := load("xen-blkfront", "xen-netfront"); err != nil {
		return err
	}
	if err := configure("eth0", o.own); err != nil {
		return fmt.Errorf("network: %w", err)
	}
	p, err := meet(o.send)
	if err != nil {
		return fmt.Errorf("network: %w", err)
	}
	t := &table{idle: p.idle}
	if err := disk(t); err != nil {
		return fmt.Errorf("disk: %w", err)
	}
	if err := ping(t, o.ping); err != nil {
		return fmt.Errorf("network: %w", err)
	}
	if err := p.sends(t); err != nil {
		return fmt.Errorf("network: %w", err)
	}
	t.print()
	return p.end()
}

func parse(line string) (o options, err error) {
	known := map[string]*netip.Addr{"address": &o.own, "ping": &o.ping, "send": &o.send}
	for _, word := range strings.Fields(line) {
		word, ours := strings.CutPrefix(word, "linuxio.")
		if !ours {
			continue
		}
		name, value, _ := strings.Cut(word, "=")
		to := known[name]
		if to == nil {
			return o, fmt.Errorf("command line: unknown word linuxio.%s: address, ping and send are known", name)
		}
		if *to, err = netip.ParseAddr(value); err == nil && !to.Is4() {
			err = fmt.Errorf("%v is no address of IPv4", *to)
		}
		if err != nil {
			return o, fmt.Errorf("command line: linuxio.%s: %w", name, err)
		}
		delete(known, name)
	}
	for name := range known {
		return o, fmt.Errorf("command line: linuxio.%s=ADDRESS is missing", name)
	}
	return o, nil
}

// await waits until something is there that a driver makes.
func await(there func() bool) bool {
	const times, pause = 1000, 10 * time.Millisecond
	for range times {
		if there() {
			return true
		}
		time.Sleep(pause)
	}
	return false
}
