package build

import (
	"errors"
	"fmt"

	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/pvbuild"
)

// Build fills a domain and gives its first vCPU its state. Its errors are those of the Domain, with what was being done.
func (p *Plan) Build(d Domain) (Rings, error) {
	if err := p.connect(d); err != nil {
		return Rings{}, err
	}
	frames := make([]frame.MFN, p.config.Pages)
	if err := d.Populate(0, frames); err != nil {
		return Rings{}, fmt.Errorf("giving it %d MiB of memory: %w", p.config.Pages>>(20-frame.PageShift), err)
	}
	if err := p.fill(d, frames); err != nil {
		return Rings{}, err
	}
	root := frames[p.layout.Root()]
	if err := d.Pin(root); err != nil {
		return Rings{}, fmt.Errorf("pinning its first page tables: %w", err)
	}
	if err := d.SetContext(0, p.context(root)); err != nil {
		return Rings{}, fmt.Errorf("setting its first vCPU's state: %w", err)
	}
	return Rings{
		Store: frames[p.layout.Store.First], StorePort: p.config.StorePort,
		Console: frames[p.layout.Console.First], ConsolePort: p.config.ConsolePort,
	}, nil
}

// connect finds out what start_info tells of the domain's own.
func (p *Plan) connect(d Domain) (err error) {
	if p.config.StorePort, err = d.AllocPort(); err != nil {
		return fmt.Errorf("opening the store's port: %w", err)
	}
	if p.config.ConsolePort, err = d.AllocPort(); err != nil {
		return fmt.Errorf("opening the console's port: %w", err)
	}
	if p.config.SharedInfo, err = d.SharedInfo(); err != nil {
		return fmt.Errorf("asking for its shared_info: %w", err)
	}
	return nil
}

// fill writes what the domain begins with.
func (p *Plan) fill(d Domain, frames []frame.MFN) (err error) {
	used := frames[:p.layout.Used()]
	mapping, err := d.Map(used)
	if err != nil {
		return fmt.Errorf("mapping its memory: %w", err)
	}
	defer func() {
		if bad := mapping.Unmap(); bad != nil {
			err = errors.Join(err, fmt.Errorf("unmapping its memory: %w", bad))
		}
	}()
	at := make(map[frame.MFN]int, len(used))
	for k, m := range used {
		at[m] = k
	}
	if len(at) != len(used) {
		return errors.New("the hypervisor gave it a frame twice")
	}
	memory := pvbuild.Memory{Frames: frames, Page: func(m frame.MFN) []byte { return mapping.Page(at[m]) }}
	if err := p.load(&memory); err != nil {
		return err
	}
	pvbuild.Build(&p.layout, &p.image, &p.config, &memory)
	return nil
}

// load reads kernel and ramdisk from their files to where they belong.
func (p *Plan) load(m *pvbuild.Memory) error {
	for _, s := range p.image.Segments() {
		if err := p.kernel.load(m, s.Addr, int64(s.Offset), int64(s.Bytes)); err != nil {
			return fmt.Errorf("reading its kernel: %w", err)
		}
	}
	if p.ramdisk != nil {
		if err := p.ramdisk.load(m, uint64(p.layout.Ramdisk.First)<<frame.PageShift, 0, p.ramdisk.size); err != nil {
			return fmt.Errorf("reading its ramdisk: %w", err)
		}
	}
	return nil
}

// load reads so many bytes from an offset on to a pseudo-physical address.
func (c *content) load(m *pvbuild.Memory, to uint64, offset, bytes int64) error {
	if err := c.seek(offset); err != nil {
		return err
	}
	for bytes > 0 {
		p := m.Rest(to)
		p = p[:min(int64(len(p)), bytes)]
		if err := c.fill(p); err != nil {
			return err
		}
		to, bytes = to+uint64(len(p)), bytes-int64(len(p))
	}
	return nil
}

// flagIF is RFLAGS.IF. AMD64 Architecture Programmer's Manual vol. 2, "RFLAGS Register".
const flagIF = 1 << 9

// context is the first vCPU's state: in kernel mode, at the entry, on the boot stack, with start_info in RSI.
func (p *Plan) context(root frame.MFN) *hypercall.VCPUGuestContext {
	c := &hypercall.VCPUGuestContext{Flags: hypercall.VGCF_IN_KERNEL | hypercall.VGCF_online}
	r := &c.UserRegs
	r.RIP, r.RSP, r.RSI = uint64(p.image.Entry), uint64(p.layout.StackEnd()), uint64(p.layout.StartInfoAddress())
	r.RFLAGS = flagIF
	r.CS, r.SS = hypercall.FLAT_KERNEL_CS, hypercall.FLAT_KERNEL_SS
	r.DS, r.ES, r.FS, r.GS = hypercall.FLAT_KERNEL_DS, hypercall.FLAT_KERNEL_DS, hypercall.FLAT_KERNEL_DS, hypercall.FLAT_KERNEL_DS
	c.KernelSS, c.KernelSP = uint64(r.SS), r.RSP
	c.Ctrlreg[3] = uint64(root.Addr())
	return c
}
