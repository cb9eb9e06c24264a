package main

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"tuco/control/config"
	"tuco/control/pack"
	"tuco/tools/tuco/host"
	"tuco/tools/tuco/ramdisk"
)

// What the control domain takes besides its ramdisk (docs/control-domain.md, "Memory").
const (
	controlMemory = 64 * host.MiB
	leastRest     = 8 * host.MiB // what the hypervisor takes of any machine, at least
)

// guestPack is guests as the control domain finds them: guest.cfg files below /guests, and below /files the kernels and ramdisks that they
// name.
type guestPack struct {
	ramdisk ramdisk.Ramdisk
	files   map[role]string   // where files of the host are in the ramdisk
	sources map[string]string // which file a guest's name is from

	reader   fileReader
	contents []packedFile // what the files have
	memory   host.Size    // of the control domain
	words    []string     // for it, as those of its command line

	guests  host.Size            // all guests' memory
	volumes map[string]diskPlace // that their disks are

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
	return &guestPack{ramdisk: ramdisk.Ramdisk{}, files: map[role]string{}, sources: map[string]string{}, interfaces: map[string]bool{}, volumes: map[string]diskPlace{},
		reader: newFileReader(), memory: controlMemory}
}

func (p *guestPack) add(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return usagef("%v", err)
	}
	g, values, err := (&config.Language{}).Parse(name, text)
	if err != nil {
		return usagef("%v", err)
	}
	return p.addGuest(name, g, values)
}

// addGuest packs a guest that a file describes.
func (p *guestPack) addGuest(name string, g *config.Guest, at *config.Values) error {
	if other, twice := p.sources[g.Name]; twice {
		return usagef("%v", at.Errorf("name", -1, "%s has a guest %q already; give this one another name", other, g.Name))
	}
	p.sources[g.Name] = name
	p.interfaces[g.Name] = len(g.VIFs) > 0
	p.network = p.network || len(g.VIFs) > 0
	p.guests += host.Size(g.Memory) * host.MiB
	for k, d := range g.Disks {
		p.volumes[d.Volume] = diskPlace{at, k}
	}
	files, err := p.reader.read(name, g, at)
	if err != nil {
		return usagef("%v", err)
	}
	g.Kernel = p.file(role{files.kernelPath, true}, files.kernel)
	if g.Ramdisk != "" {
		g.Ramdisk = p.file(role{files.ramdiskPath, false}, files.ramdisk)
	}
	// The control domain makes them in the order of these names, which is that in which they were named here.
	p.ramdisk.AddText(path.Join("guests", fmt.Sprintf("%03d-%s.cfg", len(p.sources), g.Name)), string(g.File()))
	return nil
}

// role is what a guest.cfg names a file for: a kernel is not packed as it is.
type role struct {
	path   string
	kernel bool
}

// file packs a file that a guest.cfg names, once for each role, and returns where it is in the ramdisk.
func (p *guestPack) file(of role, content []byte) string {
	if at, there := p.files[of]; there {
		return at
	}
	at := path.Join("files", strconv.Itoa(len(p.files))+"-"+filepath.Base(of.path))
	p.contents = append(p.contents, packedFile{at, content})
	p.files[of] = at
	return at
}

// fit refuses guests that a machine has no room for.
func (p *guestPack) fit(flag string, machine host.Size) error {
	if want := p.guests + p.memory + leastRest; want > machine {
		return usagef("%s %v: the guests have %v, and the control domain has %v: want at least %v", flag, machine, p.guests, p.memory, want)
	}
	return nil
}

// diskPlace is where a guest.cfg names a volume.
type diskPlace struct {
	at   *config.Values
	disk int
}

// checkVolumes refuses disks that are no volumes, where it is known which there are. The remedy has a %s for the volume's name.
func (p *guestPack) checkVolumes(there []string, remedy string) error {
	for _, name := range slices.Sorted(maps.Keys(p.volumes)) {
		if place := p.volumes[name]; !slices.Contains(there, name) {
			return usagef("%v", place.at.Errorf("disk", place.disk, "there is no volume %s on this host: "+remedy, name, name))
		}
	}
	return nil
}

// packedFile is a file in the ramdisk.
type packedFile struct {
	at      string
	content []byte
}

// looseMax is how much of guests' files may stay as it is: a guest of theirs is made faster. More is packed, the largest file first, so that what the control domain has for its
// guests' sake depends less on what they are.
const looseMax = 32 * host.MiB

// close is called when no more guests come.
func (p *guestPack) close() {
	var loose, size host.Size
	for _, f := range p.contents {
		loose += host.Size(len(f.content))
	}
	slices.SortStableFunc(p.contents, func(a, b packedFile) int { return len(b.content) - len(a.content) })
	for _, f := range p.contents {
		content := f.content
		if loose > looseMax {
			loose -= host.Size(len(content))
			content = pack.Pack(content)
		}
		p.ramdisk.AddText(f.at, string(content))
		size += host.Size(len(content))
	}
	p.memory += (size + host.MiB - 1) / host.MiB * host.MiB // where the files stay
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
