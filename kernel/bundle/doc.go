// Package bundle reads the boot bundle: the one module that the loader gives
// to the hypervisor. It is a newc cpio archive with a file boot.cfg, which
// describes the domains to build, and the files that boot.cfg names.
// docs/boot-bundle.md describes it for those who write one.
//
// Everything stays where it is: the results are slices of the module, which
// must therefore be kept until the domains are built. The archive comes from
// whoever set up the machine and may be damaged or wrong, so each number in
// it is checked before it is used. The first error ends the reading, since a
// host that starts with half of its domains is worse than one that says what
// is wrong; it names the place in the archive, or the line of boot.cfg.
package bundle

// Limits.
const (
	MaxDomains = 64
	MaxVCPUs   = 128     // of one domain
	MaxName    = 63      // bytes of a domain's name
	MaxArgs    = 1023    // bytes of a kernel's command line: what the PV ABI has room for
	MaxMemory  = 1 << 44 // bytes of one domain
	MinMemory  = 1 << 20

	DefaultWeight = 256
	MaxWeight     = 65535
)

// Bundle is what a module holds. Keep it in a package variable.
type Bundle struct {
	domains [MaxDomains]Domain
	n       int
}

// Domains are the domains to build, in the order of boot.cfg.
func (b *Bundle) Domains() []Domain { return b.domains[:b.n] }

// Domain is one domain to build. All slices lie in the module.
type Domain struct {
	Name        []byte
	KernelName  []byte // in the archive
	Kernel      []byte // its contents
	RamdiskName []byte // nil: no ramdisk
	Ramdisk     []byte
	Args        []byte // the kernel's command line
	Memory      uint64 // bytes, a multiple of the page size
	VCPUs       int
	Weight      int  // share of CPU time, as in Xen: 256 is the usual
	Cap         int  // most CPU time, in percent of one CPU; 0: no limit
	Privileged  bool // it may control the host
	Line        int  // where boot.cfg begins to describe it
}

// Parse reads a whole module into b. Unless the Error is OK, b is not to be
// used.
func Parse(b *Bundle, module []byte) Error {
	b.n = 0
	if err := checkArchive(module); !err.OK() {
		return err
	}
	cfg, err := findFile(module, configName)
	if !err.OK() {
		return err
	}
	return b.parseConfig(module, cfg)
}
