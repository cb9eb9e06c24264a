package host

import (
	"fmt"
	"os"
	"strings"

	"tuco/tools/mkbundle"
)

// A Domain0 is a kernel that a hypervisor boots as its first, privileged domain.
type Domain0 struct {
	Kernel  string // an ELF file
	Args    string // the kernel's command line
	Ramdisk string // none if empty
	Memory  Size   // default: what the machine has, less what the hypervisor and the files take
	VCPUs   int    // default: the machine's number of CPUs
}

// Domain0Name is the name of that domain, Xen's for it.
const Domain0Name = "Domain-0"

// hypervisorShare is what is left of the machine's memory for the hypervisor and for the firmware's holes where
// nothing else is said.
const hypervisorShare = 64 * MiB

// resolve fills in a domain's defaults on a machine.
func (d *Domain0) resolve(s Spec) (*Domain0, error) {
	domain := *d
	if err := checkFile("kernel of domain 0", domain.Kernel); err != nil {
		return nil, err
	}
	files := fileSize(domain.Kernel)
	if domain.Ramdisk != "" {
		if err := checkFile("ramdisk of domain 0", domain.Ramdisk); err != nil {
			return nil, err
		}
		files += fileSize(domain.Ramdisk)
	}
	if i := strings.IndexFunc(domain.Args, func(r rune) bool { return r < ' ' }); i >= 0 {
		return nil, badSpec("domain 0's command line holds a control character (byte %d)", i)
	}
	if domain.VCPUs == 0 {
		domain.VCPUs = s.CPUs
	}
	if domain.VCPUs < 0 {
		return nil, badSpec("domain 0 with %d vCPUs: want at least 1", domain.VCPUs)
	}
	taken := hypervisorShare + (files+MiB-1)/MiB*MiB
	if domain.Memory == 0 && s.Memory > taken {
		domain.Memory = s.Memory - taken
	}
	if domain.Memory == 0 || domain.Memory > s.Memory {
		return nil, badSpec("a machine of %v is too small: domain 0 is to have %v, its files and the hypervisor take %v",
			s.Memory, domain.Memory, taken)
	}
	return &domain, nil
}

func fileSize(path string) Size {
	info, err := os.Stat(path)
	if err != nil {
		return 0 // checkFile has just found it
	}
	return Size(info.Size())
}

// bundle makes the boot bundle that describes the domain to Tuco.
func (d *Domain0) bundle() ([]byte, error) {
	var config strings.Builder
	line := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&config, "%s %s\n", key, value)
		}
	}
	kernel, err := os.ReadFile(d.Kernel)
	if err != nil {
		return nil, err
	}
	files := []mkbundle.File{{Name: "kernel", Data: kernel}}
	line("name", Domain0Name)
	line("kernel", "kernel")
	if d.Ramdisk != "" {
		ramdisk, err := os.ReadFile(d.Ramdisk)
		if err != nil {
			return nil, err
		}
		files = append(files, mkbundle.File{Name: "ramdisk", Data: ramdisk})
		line("ramdisk", "ramdisk")
	}
	line("args", strings.TrimSpace(d.Args))
	line("memory", d.Memory.String())
	line("vcpus", fmt.Sprint(d.VCPUs))
	line("privileged", "yes")
	archive, err := mkbundle.Bytes(append([]mkbundle.File{{Name: mkbundle.ConfigName, Data: []byte(config.String())}}, files...))
	if err != nil {
		return nil, err
	}
	if err := mkbundle.Check(archive); err != nil {
		return nil, badSpec("%v", err)
	}
	return archive, nil
}

// WriteBundle writes a boot bundle with the domain alone, whose defaults are filled in.
func (d *Domain0) WriteBundle(path string) error {
	archive, err := d.bundle()
	if err != nil {
		return err
	}
	return os.WriteFile(path, archive, 0o644)
}
