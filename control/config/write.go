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
	text("name", g.Name)
	text("type", g.Type)
	text("kernel", g.Kernel)
	text("ramdisk", g.Ramdisk)
	text("extra", g.Extra)
	number("memory", g.Memory)
	number("vcpus", g.VCPUs)
	number("cpu_weight", g.Weight)
	number("cap", g.Cap)
	writeList(&b, "disk", g.Disks)
	writeList(&b, "vif", g.VIFs)
	writeList(&b, "ioports", g.IOPorts)
	writeList(&b, "iomem", g.IOMemory)
	text("on_poweroff", string(g.OnPoweroff))
	text("on_reboot", string(g.OnReboot))
	text("on_crash", string(g.OnCrash))
	return []byte(b.String())
}

// writeList writes a key whose value is a list of texts, if there are any.
func writeList[T fmt.Stringer](b *strings.Builder, key string, elements []T) {
	if len(elements) == 0 {
		return
	}
	var quoted []string
	for _, e := range elements {
		quoted = append(quoted, strconv.Quote(e.String()))
	}
	fmt.Fprintf(b, "%s = [ %s ]\n", key, strings.Join(quoted, ", "))
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
