package host

import (
	"path/filepath"
	"strconv"
)

// Exit statuses of QEMU by way of isa-debug-exit, which turns the value v written to its port into 2v+1.
const (
	qemuPowerOff = 0
	qemuCrashed  = 3 // v = 1
	qemuHalted   = 5 // v = 2
)

// qemu plans a run in QEMU. The machine has nothing that the hypervisor does not use: no display, no disk, no network;
// the first serial port is QEMU's standard input and output.
func (p *Plan) qemu() error {
	spec := p.Spec
	path, unpacked, err := p.programs.find("qemu-system-x86_64")
	if err != nil {
		return err
	}
	args := []string{path}
	if unpacked {
		args = append(args,
			"-L", filepath.Join(p.programs.Unpacked, "usr/share/qemu"),
			"-L", filepath.Join(p.programs.Unpacked, "usr/share/seabios"))
	}
	args = append(args,
		"-accel", spec.Accel,
		"-cpu", spec.CPUModel,
		"-smp", strconv.Itoa(spec.CPUs),
		"-m", spec.Memory.String(),
		"-nodefaults", "-no-user-config",
		"-vga", "none", "-display", "none", "-monitor", "none",
		"-no-reboot",
		"-serial", "stdio")
	if spec.Hypervisor == Tuco {
		args = append(args, "-device", "isa-debug-exit,iobase=0xf4,iosize=4")
	}
	if spec.ICount {
		// sleep=off: while all CPUs halt, time goes at once to the next timer. Otherwise it would pass as this machine's
		// does, and be another one in each run.
		args = append(args, "-icount", "shift=0,sleep=off")
	}
	if spec.Debug {
		args = append(args, "-S", "-gdb", "tcp:"+spec.GDBAddress())
	}
	option := func(name, value string) {
		if value != "" {
			args = append(args, name, value)
		}
	}
	switch spec.Boot {
	case ISO:
		option("-cdrom", p.ISO)
	case PVH:
		option("-kernel", spec.Image)
		option("-initrd", p.Bundle)
		option("-append", spec.Append)
	case Multiboot:
		option("-kernel", spec.Image)
		option("-initrd", spec.xenModules())
		option("-append", spec.xenAppend())
	}
	p.Args = append(args, spec.ExtraArgs...)
	p.Env = p.programs.env(unpacked)
	return nil
}
