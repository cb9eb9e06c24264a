package config

import (
	"fmt"
	"strconv"
	"strings"
)

// File is a guest.cfg that says the same: Parse gives the guest back.
func (g *Guest) File() []byte {
	var b strings.Builder
	text := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s = %s\n", key, strconv.Quote(value))
		}
	}
	number := func(key string, value int) { fmt.Fprintf(&b, "%s = %d\n", key, value) }
	list := func(key string, elements []string) {
		if len(elements) > 0 {
			fmt.Fprintf(&b, "%s = [ %s ]\n", key, strings.Join(elements, ", "))
		}
	}
	text("name", g.Name)
	text("type", g.Type)
	text("kernel", g.Kernel)
	text("ramdisk", g.Ramdisk)
	text("extra", g.Extra)
	number("memory", g.Memory)
	number("vcpus", g.VCPUs)
	number("cpu_weight", g.Weight)
	number("cap", g.Cap)
	var disks, vifs, ports, frames []string
	for _, d := range g.Disks {
		disks = append(disks, strconv.Quote(d.String()))
	}
	for _, v := range g.VIFs {
		vifs = append(vifs, strconv.Quote(v.String()))
	}
	for _, p := range g.IOPorts {
		ports = append(ports, strconv.Quote(p.String()))
	}
	for _, f := range g.IOMemory {
		frames = append(frames, strconv.Quote(f.String()))
	}
	list("disk", disks)
	list("vif", vifs)
	list("ioports", ports)
	list("iomem", frames)
	text("on_poweroff", string(g.OnPoweroff))
	text("on_reboot", string(g.OnReboot))
	text("on_crash", string(g.OnCrash))
	return []byte(b.String())
}

// String is how a guest.cfg describes the disk.
func (d Disk) String() string {
	access := "w"
	if d.ReadOnly {
		access = "r"
	}
	return volumePrefix + d.Volume + "," + d.VDev + "," + access
}

// String is how a guest.cfg describes the interface.
func (v VIF) String() string {
	s := "mac=" + v.MAC.String()
	if v.Bridge != "" {
		s += ",bridge=" + v.Bridge
	}
	if v.IP.IsValid() {
		s += ",ip=" + v.IP.String()
	}
	return s
}
