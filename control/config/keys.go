package config

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// keys are all keys, in the order in which they are read: the name comes first, of which MACs are made.
var keys = []struct {
	name     string
	read     func(*reader)
	required string // what to write if it is missing; empty: it may be
}{
	{"name", (*reader).name, `write name = "…", by which commands know the guest`},
	{"type", (*reader).kind, ""},
	{"kernel", func(r *reader) { r.guest.Kernel = r.path("a file's name") }, `write kernel = "…", the file of an ELF kernel or bzImage`},
	{"ramdisk", func(r *reader) { r.guest.Ramdisk = r.path("a file's name; without a ramdisk, leave the key out") }, ""},
	{"extra", (*reader).extra, ""},
	{"memory", func(r *reader) { r.guest.Memory = r.number("MiB", 1, MaxMemory) }, "write memory = 128, say, in MiB"},
	{"vcpus", func(r *reader) { r.guest.VCPUs = r.number("vCPUs", 1, MaxVCPUs) }, ""},
	{"cpu_weight", func(r *reader) { r.guest.Weight = r.number("as weight", 1, MaxWeight) }, ""},
	{"cap", func(r *reader) { r.guest.Cap = r.number("percent", 0, 100*MaxVCPUs) }, ""},
	{"disk", (*reader).disks, ""},
	{"vif", (*reader).vifs, ""},
	{"ioports", (*reader).ioPorts, ""},
	{"iomem", (*reader).ioMemory, ""},
	{"on_poweroff", func(r *reader) { r.guest.OnPoweroff = r.action(r.guest.OnPoweroff) }, ""},
	{"on_reboot", func(r *reader) { r.guest.OnReboot = r.action(r.guest.OnReboot) }, ""},
	{"on_crash", func(r *reader) { r.guest.OnCrash = r.action(r.guest.OnCrash) }, ""},
}

func keyNames() (names []string) {
	for _, k := range keys {
		names = append(names, k.name)
	}
	return names
}

// elsewhere are keys of xl.cfg that are not among ours, and what to do about them.
var elsewhere = map[string]string{
	"bootloader":  "give the guest's kernel and ramdisk by name",
	"builder":     `write type = "pv"`,
	"cmdline":     "put it into extra",
	"cpus":        "any vCPU may run on any CPU; use cpu_weight and cap",
	"description": "write it as a comment",
	"maxmem":      "memory is both what a guest has and the most that it can have",
	"maxvcpus":    "vcpus is both what a guest has and the most that it can have",
	"on_watchdog": "a guest whose watchdog was not fed has crashed: use on_crash",
	"pci":         "devices are not passed through as a whole; ioports and iomem give a guest parts of the machine",
	"root":        `put it into extra: extra = "root=…"`,
	"uuid":        "a guest is known by its name",
	"vfb":         "a guest has a console and no screen",
}

// kind reads the key type. xl knows others.
func (r *reader) kind() {
	switch s, ok := r.text(); {
	case ok && (s == "pvh" || s == "hvm"):
		r.fail("guests of the type %q don't run here yet; build the kernel for pv, and write type = \"pv\"", s)
	case ok && s != TypePV:
		r.fail("%s", unknown("type", s, []string{TypePV}))
	}
}

const nameMax = 63

func (r *reader) name() {
	s, ok := r.text()
	if !ok {
		return
	}
	switch {
	case !plainName(s):
		r.fail("%q can't be a name: it has 1 to %d letters, digits, '.', '_' and '-', the first of them a letter or digit", s, nameMax)
	case s == "control" || s == "dom0": // by these, lines on the host's console and logs are known
		r.fail("%q is the control domain's own name; give the guest another one", s)
	}
	r.guest.Name = s
}

// plainName tells whether a string can stand in paths and command lines as it is.
func plainName(s string) bool {
	strange := func(c rune) bool { return !(letterOrDigit(c) || strings.ContainsRune("._-", c)) }
	return s != "" && len(s) <= nameMax && letterOrDigit(rune(s[0])) && !slices.ContainsFunc([]rune(s), strange)
}

func letterOrDigit(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// extraMax is what the ABI has room for.
const extraMax = 1023

func (r *reader) extra() {
	s, _ := r.text()
	switch {
	case len(s) > extraMax:
		r.fail("the kernel's command line has %d bytes; at most %d fit", len(s), extraMax)
	case strings.ContainsAny(s, "\x00\n") || !utf8.ValidString(s):
		r.fail("the kernel's command line is one line of UTF-8; remove the line ends and zeroes in it")
	}
	r.guest.Extra = s
}

func (r *reader) action(otherwise Action) Action {
	return Action(r.choice("action", actions, string(otherwise)))
}
