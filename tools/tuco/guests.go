package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"tuco/control/bzimage"
	"tuco/control/config"
	"tuco/tools/tuco/host"
	"tuco/tools/tuco/ramdisk"
	"tuco/tools/tuco/slim"
)

// What the control domain takes besides its ramdisk (docs/control-domain.md, "Memory"), and what to read and unpack kernels that are on its volumes.
const (
	controlMemory = 64 * host.MiB
	unpackMemory  = 128 * host.MiB
)

// guestPack is guests as the control domain finds them: guest.cfg files below /guests, and below /files the kernels and ramdisks that they
// name.
type guestPack struct {
	ramdisk ramdisk.Ramdisk
	files   map[string]string // where files of the host are in the ramdisk
	sources map[string]string // which file a guest's name is from
	size    host.Size
	memory  host.Size // of the control domain
	words   []string  // for it, as those of its command line

	interfaces map[string]bool // guests that have network interfaces
	network    bool            // there are such guests
}

// packGuests packs the guests of guest.cfg files. Names of files in them are relative to their own directory.
func packGuests(names []string) (*guestPack, error) {
	p := newGuestPack()
	for _, name := range names {
		if err := p.add(name); err != nil {
			return nil, err
		}
	}
	p.close()
	return p, nil
}

func newGuestPack() *guestPack {
	return &guestPack{ramdisk: ramdisk.Ramdisk{}, files: map[string]string{}, sources: map[string]string{}, interfaces: map[string]bool{}, memory: controlMemory}
}

// close is called when no more guests come.
func (p *guestPack) close() {
	p.memory += (p.size + host.MiB - 1) / host.MiB * host.MiB // where the files stay
}

func (p *guestPack) add(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return usagef("%v", err)
	}
	g, err := config.Parse(name, text)
	if err != nil {
		return usagef("%v", err)
	}
	return p.addGuest(name, g)
}

// addGuest packs a guest that a file describes.
func (p *guestPack) addGuest(name string, g *config.Guest) (err error) {
	if other, twice := p.sources[g.Name]; twice {
		return usagef("%s: name: %s has a guest %q already; give this one another name", name, other, g.Name)
	}
	p.sources[g.Name] = name
	p.interfaces[g.Name] = len(g.VIFs) > 0
	p.network = p.network || len(g.VIFs) > 0
	if g.Kernel, err = p.file(name, kernelKey, g.Kernel); err != nil {
		return err
	}
	if g.Ramdisk != "" {
		if g.Ramdisk, err = p.file(name, "ramdisk", g.Ramdisk); err != nil {
			return err
		}
	}
	// The control domain makes them in the order of these names, which is that in which they were named here.
	p.ramdisk.AddText(path.Join("guests", fmt.Sprintf("%03d-%s.cfg", len(p.sources), g.Name)), string(g.File()))
	return nil
}

const kernelKey = "kernel"

// file packs a file that a guest.cfg names, once, and returns where it is in the ramdisk.
func (p *guestPack) file(config, key, name string) (string, error) {
	from := name
	if !filepath.IsAbs(from) {
		from = filepath.Join(filepath.Dir(config), name)
	}
	if at, there := p.files[from]; there {
		return at, nil
	}
	content, err := os.ReadFile(from)
	if err != nil {
		return "", usagef("%s: %s: %v", config, key, err)
	}
	if key == kernelKey { // what can be done here needs no memory there
		if bzimage.Is(content) {
			if content, err = bzimage.Unpack(content); err != nil {
				return "", usagef("%s: %s: %s: %v", config, key, name, err)
			}
		}
		content = slim.Kernel(content)
	}
	at := path.Join("files", strconv.Itoa(len(p.files))+"-"+filepath.Base(from))
	p.ramdisk.AddText(at, string(content))
	p.files[from] = at
	p.size += host.Size(len(content))
	return at, nil
}

// rules packs the rules between guests.
func (p *guestPack) rules(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return usagef("--rules: %v", err)
	}
	p.ramdisk.AddText("network.rules", string(text))
	return nil
}

// domain0 is the control domain, with the guests in its ramdisk, which is written into a directory.
func (p *guestPack) domain0(control, dir string) (*host.Domain0, error) {
	p.ramdisk.AddText("words", strings.Join(p.words, "\n")) // there may be more than a command line has room for
	to := filepath.Join(dir, "guests.cpio")
	if err := p.ramdisk.Write(to); err != nil {
		return nil, err
	}
	return &host.Domain0{Kernel: control, Ramdisk: to, Memory: p.memory, Control: true}, nil
}

// findControl finds the control domain's program.
func findControl(name string) (string, error) {
	if name == "" {
		name = besideTool("control.elf")
	}
	if _, err := os.Stat(name); err != nil {
		return "", usagef("%v: make builds the control domain, or name another with --control", err)
	}
	return name, nil
}
