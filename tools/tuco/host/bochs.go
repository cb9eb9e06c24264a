package host

import (
	"fmt"
	"path/filepath"
	"strings"
)

// The CPU models that are booted by default: the only AMD model with SVM, and an Intel model with every VT-x feature
// that Bochs 2.7 has.
const (
	bochsAMD   = "ryzen"
	bochsIntel = "corei7_skylake_x"
)

// bochsRate is how many instructions make a second of the machine. It is less than Bochs manages on any machine of today:
// time passes faster inside than outside, and what only waits (the firmware, GRUB, a calibration) takes less of ours.
const bochsRate = 20_000_000

// bochs plans a run in Bochs. Its clock counts instructions (sync=none), so a run repeats exactly; its panics end it;
// its display is a VNC server that waits for nobody, as Debian's build has no other that works without a terminal.
func (p *Plan) bochs() error {
	path, unpacked, err := p.programs.find("bochs")
	if err != nil {
		return err
	}
	bios, err := p.programs.data("/usr/share/bochs/BIOS-bochs-latest", "bochsbios")
	if err != nil {
		return err
	}
	vgabios, err := p.programs.data("/usr/share/vgabios/vgabios.bin", "vgabios")
	if err != nil {
		return err
	}
	spec := p.Spec
	rc := filepath.Join(p.Dir, "bochsrc")
	commands := filepath.Join(p.Dir, "bochs.commands")
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("config_interface: textconfig")
	line(`display_library: rfb, options="timeout=0"`)
	line("romimage: file=%s", bios)
	line("vgaromimage: file=%s", vgabios)
	line("megs: %d", spec.Memory/MiB)
	line("cpu: model=%s, count=%d, ips=%d, reset_on_triple_fault=0", spec.CPUModel, spec.CPUs, bochsRate)
	line("clock: sync=none")
	line("ata0-master: type=cdrom, path=%s, status=inserted", p.ISO)
	line("boot: cdrom")
	line("com1: enabled=1, mode=term, dev=%s", bochsPTY)
	line("sound: driver=dummy")
	line("speaker: enabled=0")
	line("log: %s", filepath.Join(p.Dir, bochsLogName))
	line("panic: action=fatal")
	line("error: action=report")
	line("info: action=ignore")
	line("debug: action=ignore")
	p.Files = []File{{Path: rc, Text: b.String()}}
	p.Args = []string{path, "-q", "-f", rc}
	if !spec.Debug {
		// Debian's Bochs starts in its debugger. Where it stops for a reason of its own, "c" continues it once,
		// and the end of the commands ends it.
		p.Files = append(p.Files, File{Path: commands, Text: "c\n"})
		p.Args = append(p.Args, "-rc", commands)
	}
	p.Env = p.programs.env(unpacked)
	return nil
}

// bochsLogName is the name of Bochs's own log in a run's directory. Its panics tell why a machine stopped.
const bochsLogName = "bochs.log"

// Panics in that log that are no failure of Bochs's own.
const (
	bochsPowerOff    = "shutdown requested"
	bochsTripleFault = "exception with no resolution"
)
