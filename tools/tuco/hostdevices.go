package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"tuco/tools/tuco/host"
)

// deviceFlags say what devices a host has, and what the control domain makes of them.
type deviceFlags struct {
	disk     string
	volumes  []string
	forwards []string
}

func (d *deviceFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&d.disk, "disk", "", "QEMU: the host's disk, a raw file; without one, guests' volumes are in memory")
	flags.StringArrayVar(&d.volumes, "volume", nil, "NAME=SIZE: make a volume of this size where there is none with the name")
	flags.StringArrayVar(&d.forwards, "forward", nil, "QEMU: PORT:GUEST:PORT: connections to a port here go to a guest's, by TCP")
}

// apply adds the devices to a host, and words to the command line of the control domain, if guests has one. Further forwards are QEMU's arguments for them.
func (d *deviceFlags) apply(spec *host.Spec, guests *guestPack, further ...string) error {
	if err := d.check(spec, guests); err != nil {
		return err
	}
	if d.disk != "" {
		spec.ExtraArgs = append(spec.ExtraArgs, diskArgs(d.disk)...)
	}
	if guests == nil {
		return nil
	}
	for _, v := range d.volumes {
		word, err := volumeWord(v)
		if err != nil {
			return err
		}
		guests.words = append(guests.words, word)
	}
	network := "user,id=net" + strings.Join(further, "")
	for _, f := range d.forwards {
		port, err := forwardPort(f, guests)
		if err != nil {
			return err
		}
		network += fmt.Sprintf(",hostfwd=tcp:127.0.0.1:%d-%s:%d", port, uplinkAddress, port)
		guests.words = append(guests.words, "forward="+f)
	}
	if (guests.network || strings.Contains(network, "hostfwd")) && spec.Emulator != host.Bochs {
		spec.ExtraArgs = append(spec.ExtraArgs, "-netdev", network, "-device", "virtio-net-pci,netdev=net")
	}
	return nil
}

// uplinkAddress is the host's in QEMU's network of the kind "user".
const uplinkAddress = "10.0.2.15"

// diskArgs are QEMU's arguments for the host's disk.
func diskArgs(path string) []string {
	return []string{"-drive", "if=none,id=disk,format=raw,file=" + strings.ReplaceAll(path, ",", ",,"), "-device", "virtio-blk-pci,drive=disk"}
}

func (d *deviceFlags) check(spec *host.Spec, guests *guestPack) error {
	for flag, is := range map[string]bool{"--disk": d.disk != "", "--forward": d.forwards != nil} {
		if is && spec.Emulator == host.Bochs {
			return usagef("%s needs --emulator qemu: Bochs has no virtio devices", flag)
		}
	}
	for flag, is := range map[string]bool{"--volume": d.volumes != nil, "--forward": d.forwards != nil} {
		if is && guests == nil {
			return usagef("%s is for the control domain: name guest.cfg files", flag)
		}
	}
	if d.disk == "" {
		return nil
	}
	switch info, err := os.Stat(d.disk); {
	case os.IsNotExist(err):
		return usagef("--disk: %v: truncate -s 1G %s makes an empty one", err, d.disk)
	case err != nil:
		return usagef("--disk: %v", err)
	case info.Size() < int64(host.MiB):
		return usagef("--disk: %s has %d bytes: want at least 1 MiB", d.disk, info.Size())
	}
	return nil
}

// volumeWord is what tells the control domain to make a volume.
func volumeWord(text string) (string, error) {
	name, size, _ := strings.Cut(text, "=")
	n, err := host.ParseSize(size)
	if err != nil {
		return "", usagef("--volume %s: %v; write NAME=SIZE, such as data=64M", text, err)
	}
	if name == "" || strings.ContainsAny(name, " :") || n == 0 || n%host.MiB != 0 {
		return "", usagef("--volume %s: want NAME=SIZE in whole MiB, such as data=64M", text)
	}
	return fmt.Sprintf("volume=%s:%d", name, n/host.MiB), nil
}

// forwardPort is the port here of a forward to one of the guests.
func forwardPort(text string, guests *guestPack) (uint16, error) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return 0, usagef("--forward %s: write PORT:GUEST:PORT, such as 8080:web:80", text)
	}
	var ports [2]uint64
	for i, part := range []string{parts[0], parts[2]} {
		var err error
		if ports[i], err = strconv.ParseUint(part, 10, 16); err != nil || ports[i] == 0 {
			return 0, usagef("--forward %s: %q is no port: want 1 to 65535", text, part)
		}
	}
	source, there := guests.sources[parts[1]]
	if !there {
		return 0, usagef("--forward %s: there is no guest %q among those that are started", text, parts[1])
	}
	if !guests.interfaces[parts[1]] {
		return 0, usagef("--forward %s: the guest has no network interface: give it a vif in %s", text, source)
	}
	return uint16(ports[0]), nil
}
