package build

import (
	"errors"
	"fmt"

	"tuco/control/bzimage"
	"tuco/kernel/frame"
	"tuco/kernel/pvbuild"
	"tuco/kernel/pvelf"
	"tuco/kernel/text"
)

// Spec is what a domain is to be.
type Spec struct {
	Kernel   []byte // an ELF file with Xen notes, or a bzImage
	Ramdisk  []byte // nil: none
	Args     string // the kernel's command line
	Pages    uint64 // its memory
	Features uint64 // that the hypervisor offers, a bit for each XENFEAT_*
}

// MaxPages is more than any machine has.
const MaxPages = pvelf.MaxAddress / frame.PageSize

// Plan is a domain that can be built, if there is the memory.
type Plan struct {
	image  pvelf.Image
	layout pvbuild.Layout
	config pvbuild.Config
}

// Prepare reads the kernel and lays the domain out. Its errors say what is wrong with the kernel, or with the memory's size. The
// plan keeps the files.
func Prepare(s *Spec) (*Plan, error) {
	if s.Pages == 0 || s.Pages > MaxPages {
		return nil, fmt.Errorf("memory of %d pages: a domain has 1 to %d", s.Pages, uint64(MaxPages))
	}
	kernel := s.Kernel
	if bzimage.Is(kernel) {
		var err error
		if kernel, err = bzimage.Unpack(kernel); err != nil {
			return nil, err
		}
	}
	p := &Plan{config: pvbuild.Config{Pages: s.Pages, Ramdisk: s.Ramdisk, Args: []byte(s.Args)}}
	var line text.Line
	if bad := pvelf.Parse(&p.image, kernel, pvelf.Features(s.Features)); !bad.OK() {
		return nil, errors.New(string(bad.Text(&line)))
	}
	if bad := pvbuild.Lay(&p.layout, &p.image, &p.config); !bad.OK() {
		return nil, errors.New(string(bad.Text(&line)))
	}
	return p, nil
}
