package host

import (
	"fmt"
	"regexp"
	"strings"
)

// Xen in Tuco's place: the hypervisor that nobody here wrote, on the machine that Tuco gets, with the same domain 0.
// It is run to compare, in QEMU's TCG.

// xenCPU is QEMU's model that Xen runs PV domains on. TCG's IRET at CPL 3 reads the stack as supervisor, which SMAP
// forbids; its MWAIT faults with a hint in ECX; the length of RDTSCP is taken for RDTSC's.
const xenCPU = "EPYC,-smap,-monitor,-rdtscp,check=off"

// xenConsole is the part of Xen's command line that brings its log and domain 0's console to the first serial port.
const xenConsole = "console=com1 com1=115200,8n1 loglvl=all guest_loglvl=all"

func (s *Spec) resolveXen() error {
	switch {
	case s.Emulator != QEMU || s.Accel != "" && s.Accel != TCG:
		return badSpec("Xen is booted in QEMU's TCG only")
	case s.Boot != "" && s.Boot != Multiboot:
		return badSpec("Xen is booted by %s only, not by %q", Multiboot, s.Boot)
	case s.Vendor == Intel:
		return badSpec("Xen is booted on an AMD CPU only")
	case s.Bundle != "":
		return badSpec("Xen takes no boot bundle: name a domain 0")
	case s.Dom0 == nil:
		return badSpec("Xen needs a domain 0")
	}
	for _, path := range []string{s.Dom0.Kernel, s.Dom0.Ramdisk} {
		if strings.ContainsAny(path, " \t") {
			return badSpec("QEMU can't pass %q to Xen: its path has a blank", path)
		}
	}
	s.Accel, s.Boot, s.Vendor = TCG, Multiboot, AMD
	if s.CPUModel == "" {
		s.CPUModel = xenCPU
	}
	return nil
}

// xenAppend is Xen's command line.
func (s Spec) xenAppend() string {
	line := fmt.Sprintf("%s dom0_mem=%v dom0_max_vcpus=%d", xenConsole, s.Dom0.Memory, s.Dom0.VCPUs)
	return strings.TrimSpace(line + " " + s.Append)
}

// xenModules is the argument of QEMU's -initrd with the files that Xen gets. Commas part them, so a comma within is
// written twice.
func (s Spec) xenModules() string {
	escape := func(text string) string { return strings.ReplaceAll(text, ",", ",,") }
	modules := escape(strings.TrimSpace(s.Dom0.Kernel + " " + s.Dom0.Args))
	if s.Dom0.Ramdisk != "" {
		modules += "," + escape(s.Dom0.Ramdisk)
	}
	return modules
}

// xenClosings are the lines that Xen's log closes with. After the first, Xen stops the CPUs and QEMU runs on.
var xenClosings = []struct {
	line *regexp.Regexp
	end  End
}{
	{regexp.MustCompile(`Hardware Dom0 halted: halting machine`), PoweredOff},
	{regexp.MustCompile(`Preparing system for ACPI S5 state`), PoweredOff},
	{regexp.MustCompile(`Hardware Dom0 shutdown: rebooting machine`), Rebooted},
	{regexp.MustCompile(`Hardware (Dom0 crashed|Dom0 watchdog|Dom0 shutdown \(unknown.*)`), Crashed},
	{regexp.MustCompile(`(Panic on CPU \d+:.*)`), Crashed},
}

func xenClosing(line string) (end End, reason string) {
	for _, closing := range xenClosings {
		if match := closing.line.FindStringSubmatch(line); match != nil {
			if len(match) > 1 {
				reason = match[1]
			}
			return closing.end, reason
		}
	}
	return 0, ""
}
