package host

import (
	"fmt"
	"os"
	"strings"

	"tuco/kernel/pvbuild"
	"tuco/kernel/pvelf"
	"tuco/kernel/text"
	"tuco/tools/mkbundle"
)

// A Domain0 is a kernel that a hypervisor boots as its first, privileged domain.
type Domain0 struct {
	Kernel  string // an ELF file
	Args    string // the kernel's command line
	Ramdisk string // none if empty
	Memory  Size   // default: what the machine has, less what the hypervisor and the files take
	VCPUs   int    // default: the machine's number of CPUs
	Control bool   // it is a control domain: its guests' consoles, which are on its own, have logs of their own
}

// Domain0Name is the name of that domain, Xen's for it.
const Domain0Name = "Domain-0"

// hypervisorShare is what is left of the machine's memory for the hypervisor and for the firmware's holes where
// nothing else is said.
const hypervisorShare = 64 * MiB

const pageSize = 4 * KiB

// resolve fills in a domain's defaults on a machine, and looks at it as the hypervisor will, which has the last word.
func (d *Domain0) resolve(s Spec) (*Domain0, error) {
	domain := *d
	if err := checkFile("kernel of domain 0", domain.Kernel); err != nil {
		return nil, err
	}
	if domain.Ramdisk != "" {
		if err := checkFile("ramdisk of domain 0", domain.Ramdisk); err != nil {
			return nil, err
		}
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
	kernel, ramdisk, err := domain.files()
	if err != nil {
		return nil, err
	}
	// The files lie in memory while the domain gets its own.
	others := hypervisorShare + Size(len(kernel)+len(ramdisk)).Up()
	if domain.Memory == 0 {
		if s.Memory <= others {
			return nil, badSpec("a machine of %v is too small for domain 0: its files and the hypervisor take %v", s.Memory, others)
		}
		domain.Memory = s.Memory - others
	}
	if domain.Memory > s.Memory {
		return nil, badSpec("domain 0 is to have %v, and the machine has %v", domain.Memory, s.Memory)
	}
	return &domain, domain.lay(kernel, ramdisk)
}

// files reads the kernel and the ramdisk.
func (d *Domain0) files() (kernel, ramdisk []byte, err error) {
	if kernel, err = os.ReadFile(d.Kernel); err != nil || d.Ramdisk == "" {
		return kernel, nil, err
	}
	ramdisk, err = os.ReadFile(d.Ramdisk)
	return kernel, ramdisk, err
}

// lay tells whether the domain can be laid out. Which features there are for a kernel to ask for is the
// hypervisor's business.
func (d *Domain0) lay(kernel, ramdisk []byte) error {
	var line text.Line
	image := new(pvelf.Image)
	if bad := pvelf.Parse(image, kernel, ^pvelf.Features(0)); !bad.OK() {
		return badSpec("the kernel of domain 0, %s: %s", d.Kernel, bad.Text(&line))
	}
	config := pvbuild.Config{Pages: uint64(d.Memory / pageSize), Ramdisk: ramdisk, Args: []byte(d.Args), Privileged: true}
	if bad := pvbuild.Lay(new(pvbuild.Layout), image, &config); !bad.OK() {
		return badSpec("domain 0: %s", bad.Text(&line))
	}
	return nil
}

// bundle makes the boot bundle that describes the domain to Tuco.
func (d *Domain0) bundle() ([]byte, error) {
	var config strings.Builder
	line := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&config, "%s %s\n", key, value)
		}
	}
	kernel, ramdisk, err := d.files()
	if err != nil {
		return nil, err
	}
	files := []mkbundle.File{{Name: "kernel", Data: kernel}}
	line("name", Domain0Name)
	line("kernel", "kernel")
	if d.Ramdisk != "" {
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
