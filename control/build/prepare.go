package build

import (
	"errors"
	"fmt"

	"tuco/kernel/frame"
	"tuco/kernel/pvbuild"
	"tuco/kernel/pvelf"
	"tuco/kernel/text"
)

// Spec is what a domain is to be.
type Spec struct {
	Kernel   File   // an ELF file with Xen notes, or a bzImage
	Ramdisk  File   // nil: none
	Args     string // the kernel's command line
	Pages    uint64 // its memory
	Features uint64 // that the hypervisor offers, a bit for each XENFEAT_*
	// Room is how many bytes of memory there are for what of a kernel has to be read at once, where that is much: a bzImage, or an ELF file up to the end of its notes. Nil: enough.
	Room func() int64
}

// MaxPages is more than any machine has.
const MaxPages = pvelf.MaxAddress / frame.PageSize

// Plan is a domain that can be built, if there is the memory.
type Plan struct {
	kernel  *kernel
	ramdisk *content // nil: none
	image   pvelf.Image
	layout  pvbuild.Layout
	config  pvbuild.Config
}

// Prepare reads what the kernel says of itself and lays the domain out. Its errors say what is wrong with the kernel, or with the memory's size. The
// plan reads the files again when it is built.
func Prepare(s *Spec) (*Plan, error) {
	if s.Pages == 0 || s.Pages > MaxPages {
		return nil, fmt.Errorf("memory of %d pages: a domain has 1 to %d", s.Pages, uint64(MaxPages))
	}
	p := &Plan{config: pvbuild.Config{Pages: s.Pages, Args: []byte(s.Args)}}
	if err := p.prepare(s); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Plan) prepare(s *Spec) (err error) {
	if p.kernel, err = openKernel(s.Kernel, s.Room); err != nil {
		return err
	}
	if s.Ramdisk != nil {
		if p.ramdisk, err = open(s.Ramdisk); err != nil {
			return fmt.Errorf("ramdisk: %w", err)
		}
		p.config.RamdiskSize = uint64(p.ramdisk.size)
	}
	if err := p.kernel.parse(&p.image, pvelf.Features(s.Features)); err != nil {
		return err
	}
	if bad := pvbuild.Lay(&p.layout, &p.image, &p.config); !bad.OK() {
		return errors.New(string(bad.Text(new(text.Line))))
	}
	return nil
}
