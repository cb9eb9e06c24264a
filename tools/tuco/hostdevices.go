package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"tuco/tools/tuco/host"
)

// deviceFlags say what devices a host has, and what the control domain makes of them.
type deviceFlags struct {
	disk     string
	volumes  []string
	rate     string
	forwards []string
	rules    string
	reach    bool
	forget   bool
}

func (d *deviceFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&d.disk, "disk", "", "QEMU: the host's disk, a raw file; without one, guests' volumes are in memory")
	flags.StringArrayVar(&d.volumes, "volume", nil, "NAME=SIZE: make a volume of this size where there is none with the name")
	flags.StringVar(&d.rate, "disk-rate", "", "SIZE: what each guest's disks may move in a second, all together, such as 20M; without it they share what the host's disk gives")
	flags.StringArrayVar(&d.forwards, "forward", nil, "QEMU: PORT:GUEST:PORT: connections to a port here go to a guest's, by TCP; PORT:PORT where one guest has a network interface")
	flags.StringVar(&d.rules, "rules", "", "a file with rules about who may talk to whom in the guests' network")
	flags.BoolVar(&d.reach, "reach-host", false, "let guests connect to this machine's 127.0.0.1, which is 10.0.2.2 for them, and has the host's API")
	flags.BoolVar(&d.forget, "forget", false, "forget the guests and rules that are on record on the host's disk; their volumes stay")
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
	if d.rate != "" {
		word, err := rateWord(d.rate)
		if err != nil {
			return err
		}
		guests.words = append(guests.words, word)
	}
	if d.reach {
		guests.words = append(guests.words, "reach-host")
	}
	if d.forget {
		guests.words = append(guests.words, "forget")
	}
	if d.rules != "" {
		if err := guests.rules(d.rules); err != nil {
			return err
		}
	}
	network := "user,id=net" + strings.Join(further, "")
	for _, f := range d.forwards {
		f = guests.named(f)
		port, err := forwardPort(f, guests, d.disk != "")
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
	if err := d.checkDisk(spec); err != nil {
		return err
	}
	if d.forwards != nil && spec.Emulator == host.Bochs {
		return noVirtio("--forward")
	}
	for flag, is := range map[string]bool{"--volume": d.volumes != nil, "--disk-rate": d.rate != "", "--forward": d.forwards != nil, "--rules": d.rules != "", "--reach-host": d.reach, "--forget": d.forget} {
		if is && guests == nil {
			return usagef("%s is for the control domain: name guest.cfg files, or a disk that has guests on record", flag)
		}
	}
	return nil
}

func noVirtio(flag string) error {
	return usagef("%s needs --emulator qemu: Bochs has no virtio devices", flag)
}

func (d *deviceFlags) checkDisk(spec *host.Spec) error {
	if d.disk == "" {
		return nil
	}
	if spec.Emulator == host.Bochs {
		return noVirtio("--disk")
	}
	switch info, err := os.Stat(d.disk); {
	case err == nil && info.IsDir():
		return usagef("--disk: %s is a directory: want a file, such as %s", d.disk, filepath.Join(d.disk, "host.img"))
	case os.IsNotExist(err):
		return usagef("--disk: %v: truncate -s 1G %s makes an empty one", err, d.disk)
	case err != nil:
		return usagef("--disk: %v", err)
	case info.Size() < int64(host.MiB):
		return usagef("--disk: %s has %d bytes: want at least 1 MiB", d.disk, info.Size())
	case diskInUse(d.disk):
		return usagef("--disk: %s is the disk of a host that runs: end that with tuco down, or name another disk", d.disk)
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

// rateWord is what tells the control domain how much guests' disks may move.
func rateWord(text string) (string, error) {
	n, err := host.ParseSize(text)
	if err != nil || n == 0 || n%host.MiB != 0 {
		return "", usagef("--disk-rate %s: want whole MiB a second, such as 20M", text)
	}
	return fmt.Sprintf("disk-rate=%d", n/host.MiB), nil
}

// volumeNames are the volumes that are made where there are none.
func (d *deviceFlags) volumeNames() (names []string) {
	for _, v := range d.volumes {
		name, _, _ := strings.Cut(v, "=")
		names = append(names, name)
	}
	return names
}

// named is a forward with its guest's name, which may be left out where there is one guest that it can be.
func (p *guestPack) named(forward string) string {
	here, there, _ := strings.Cut(forward, ":")
	var names []string
	for name, has := range p.interfaces {
		if has {
			names = append(names, name)
		}
	}
	if len(names) != 1 || there == "" || strings.Contains(there, ":") {
		return forward
	}
	return here + ":" + names[0] + ":" + there
}

// checkPorts refuses forwards from ports here that others have. It is for forwards that apply has found to be right.
func (d *deviceFlags) checkPorts() error {
	for _, f := range d.forwards {
		port, _, _ := strings.Cut(f, ":")
		if err := listenable(net.JoinHostPort("127.0.0.1", port)); err != nil {
			return usagef("--forward %s: %v: end what listens there, or write another port before the guest's", f, err)
		}
	}
	return nil
}

// forwardPort is the port here of a forward to one of the guests, or to one that may be on record.
func forwardPort(text string, guests *guestPack, recorded bool) (uint16, error) {
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
	if !there && recorded {
		return uint16(ports[0]), nil
	}
	if !there {
		return 0, usagef("--forward %s: there is no guest %q among those that are started", text, parts[1])
	}
	if !guests.interfaces[parts[1]] {
		return 0, usagef("--forward %s: the guest has no network interface: give it a vif in %s", text, source)
	}
	return uint16(ports[0]), nil
}
