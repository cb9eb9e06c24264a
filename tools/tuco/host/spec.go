package host

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// The emulators, vendors, hypervisors, ways to boot and accelerators that a [Spec] may name.
const (
	QEMU  = "qemu"
	Bochs = "bochs"

	AMD   = "amd"
	Intel = "intel"

	Tuco = "tuco"
	Xen  = "xen"

	PVH       = "pvh"       // the emulator loads the image itself by its PVH note
	ISO       = "iso"       // GRUB loads it from a CD by multiboot2
	Multiboot = "multiboot" // the emulator loads the image itself by multiboot1; Xen's only way

	TCG = "tcg"
	KVM = "kvm"
)

// Limits of a host. MinMemory is what an emulator's BIOS needs, not what the hypervisor needs: a machine too small
// for the hypervisor is a legitimate thing to boot.
const (
	MaxCPUs   = 32
	MinMemory = 2 * MiB
)

// ErrBadSpec marks an error of the caller: an argument or a file that cannot work.
var ErrBadSpec = errors.New("bad argument")

// badSpec builds an error that tells the user what to write instead, and is recognised as [ErrBadSpec].
func badSpec(format string, args ...any) error {
	return &specError{fmt.Sprintf(format, args...)}
}

type specError struct{ text string }

func (e *specError) Error() string        { return e.text }
func (e *specError) Is(target error) bool { return target == ErrBadSpec }

// A Spec says what host to boot. The zero value of a field means its default, except for Image.
type Spec struct {
	Emulator string // QEMU (default) or Bochs
	Vendor   string // AMD or Intel; default AMD on QEMU under TCG, Intel on Bochs, the machine's own under KVM
	CPUModel string // the emulator's name of a CPU model; default by vendor
	CPUs     int    // default 1
	Memory   Size   // default 1 GiB
	Boot     string // PVH or ISO; default PVH on QEMU. Bochs boots ISOs only, Xen by Multiboot only
	Accel    string // TCG (default) or KVM, QEMU only

	Hypervisor string   // Tuco (default) or Xen, in QEMU's TCG
	Image      string   // the hypervisor, an ELF file
	Bundle     string   // the boot bundle, a newc cpio archive; none if empty
	Dom0       *Domain0 // what to boot as domain 0, in a bundle's place; Xen needs one
	Append     string   // the hypervisor's command line; for Xen, what comes after the console's

	ICount  bool // QEMU counts instructions: the TSC advances by one for each
	Debug   bool // wait for gdb before the first instruction
	GDBPort int  // default 1234, when Debug is set

	ExtraArgs []string // further arguments for QEMU, after all others
}

// GDBAddress is where gdb finds a machine that waits for it: on this machine only.
func (s Spec) GDBAddress() string { return fmt.Sprintf("127.0.0.1:%d", s.GDBPort) }

// Resolve returns the spec with defaults filled in. Its error is an [ErrBadSpec] that says what would work.
func (s Spec) Resolve() (Spec, error) {
	if s.CPUs == 0 {
		s.CPUs = 1
	}
	if s.Memory == 0 {
		s.Memory = GiB
	}
	if s.Emulator == "" {
		s.Emulator = QEMU
	}
	if s.Hypervisor == "" {
		s.Hypervisor = Tuco
	}
	if s.Debug && s.GDBPort == 0 {
		s.GDBPort = 1234
	}
	switch {
	case s.CPUs < 1 || s.CPUs > MaxCPUs:
		return s, badSpec("%d CPUs: want 1 to %d", s.CPUs, MaxCPUs)
	case s.Memory < MinMemory:
		return s, badSpec("memory of %v: want at least %v", s.Memory, MinMemory)
	case s.Memory%MiB != 0:
		return s, badSpec("memory of %v: want whole MiB", s.Memory)
	}
	switch s.Vendor {
	case "", AMD, Intel:
	default:
		return s, badSpec("unknown vendor %q: want %s or %s", s.Vendor, AMD, Intel)
	}
	if err := s.resolveHypervisor(); err != nil {
		return s, err
	}
	if err := checkFile("image", s.Image); err != nil {
		return s, err
	}
	if s.Bundle != "" {
		if err := checkFile("bundle", s.Bundle); err != nil {
			return s, err
		}
	}
	if s.Dom0 != nil {
		if s.Bundle != "" {
			return s, badSpec("a bundle has its own domain 0: leave out either")
		}
		domain, err := s.Dom0.resolve(s)
		if err != nil {
			return s, err
		}
		s.Dom0 = domain
	}
	if i := strings.IndexFunc(s.Append, func(r rune) bool { return r < ' ' }); i >= 0 {
		return s, badSpec("the hypervisor's command line holds a control character (byte %d)", i)
	}
	return s, nil
}

func (s *Spec) resolveHypervisor() error {
	switch {
	case s.Hypervisor == Xen:
		return s.resolveXen()
	case s.Hypervisor != Tuco:
		return badSpec("unknown hypervisor %q: want %s or %s", s.Hypervisor, Tuco, Xen)
	case s.Emulator == QEMU:
		return s.resolveQEMU()
	case s.Emulator == Bochs:
		return s.resolveBochs()
	}
	return badSpec("unknown emulator %q: want %s or %s", s.Emulator, QEMU, Bochs)
}

func (s *Spec) resolveQEMU() error {
	if s.Boot == "" {
		s.Boot = PVH
	}
	if s.Boot != PVH && s.Boot != ISO {
		return badSpec("unknown way to boot %q: want %s or %s", s.Boot, PVH, ISO)
	}
	switch s.Accel {
	case "":
		s.Accel = TCG
		fallthrough
	case TCG:
		if s.Vendor == Intel {
			return badSpec("QEMU's TCG emulates no VT-x: use --emulator bochs, or --accel kvm on an Intel machine")
		}
		s.Vendor = AMD
		if s.CPUModel == "" {
			// check=off: TCG lacks some features of the model, and warns of each.
			s.CPUModel = "EPYC,+svm,check=off"
		}
	case KVM:
		if s.ICount {
			return badSpec("--icount needs --accel tcg: KVM counts no instructions")
		}
		machine, err := machineVendor("/proc/cpuinfo")
		if err != nil {
			return err
		}
		if s.Vendor != "" && s.Vendor != machine {
			return badSpec("--accel kvm gives this machine's own vendor, which is %s, not %s", machine, s.Vendor)
		}
		s.Vendor = machine
		kvm, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
		if err != nil {
			return badSpec("--accel kvm needs /dev/kvm: %v", err)
		}
		kvm.Close()
		if s.CPUModel == "" {
			s.CPUModel = "host"
		}
	default:
		return badSpec("unknown accelerator %q: want %s or %s", s.Accel, TCG, KVM)
	}
	return nil
}

func (s *Spec) resolveBochs() error {
	switch {
	case s.Boot == "":
		s.Boot = ISO
	case s.Boot != ISO:
		return badSpec("Bochs boots an ISO only: leave --boot out, or use --emulator qemu for --boot %s", s.Boot)
	}
	switch {
	case s.Accel != "" && s.Accel != TCG:
		return badSpec("--accel %s needs --emulator qemu", s.Accel)
	case s.ICount:
		return badSpec("--icount needs --emulator qemu (Bochs always counts instructions: its clock is their number)")
	case len(s.ExtraArgs) != 0:
		return badSpec("extra emulator arguments need --emulator qemu")
	case s.Memory > 4*GiB-512*MiB:
		return badSpec("memory of %v: Bochs is given at most 3584M here", s.Memory)
	}
	// A model decides the vendor where only the model is given.
	switch {
	case s.Vendor == "" && s.CPUModel == bochsAMD:
		s.Vendor = AMD
	case s.Vendor == "":
		s.Vendor = Intel
	}
	if s.CPUModel == "" {
		s.CPUModel = map[string]string{AMD: bochsAMD, Intel: bochsIntel}[s.Vendor]
	}
	if (s.CPUModel == bochsAMD) != (s.Vendor == AMD) {
		return badSpec("Bochs's CPU model %q is not an %s CPU with hardware virtualization", s.CPUModel, s.Vendor)
	}
	return nil
}

// checkFile refuses what the emulator would refuse later, with less to go by.
func checkFile(what, path string) error {
	if path == "" {
		return badSpec("no %s named", what)
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return badSpec("the %s %s does not exist", what, path)
	case err != nil:
		return badSpec("the %s: %v", what, err)
	case !info.Mode().IsRegular():
		return badSpec("the %s %s is not a regular file", what, path)
	}
	file, err := os.Open(path)
	if err != nil {
		return badSpec("the %s: %v", what, err)
	}
	return file.Close()
}

// machineVendor reads the CPU vendor of the machine that we run on.
func machineVendor(cpuinfo string) (string, error) {
	text, err := os.ReadFile(cpuinfo)
	if err != nil {
		return "", badSpec("--accel kvm: %v", err)
	}
	switch {
	case strings.Contains(string(text), "AuthenticAMD"):
		return AMD, nil
	case strings.Contains(string(text), "GenuineIntel"):
		return Intel, nil
	}
	return "", badSpec("--accel kvm: %s names neither AMD nor Intel", cpuinfo)
}
