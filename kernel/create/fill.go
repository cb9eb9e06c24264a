package create

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/evtchn"
	"tuco/kernel/frame"
	"tuco/kernel/layout"
	"tuco/kernel/lock"
	"tuco/kernel/machine"
	"tuco/kernel/mm"
	"tuco/kernel/pagetype"
	"tuco/kernel/pmm"
	"tuco/kernel/pv"
	"tuco/kernel/pvbuild"
	"tuco/kernel/pvelf"
	"tuco/kernel/text"
	"tuco/kernel/x86"
)

// What a domain is made with, too large for the stack. Domains are made one
// after the other.
var (
	image   pvelf.Image
	lay     pvbuild.Layout
	failure text.Line
)

// domain0 is who unprivileged domains' store and console wait for.
const domain0 hypercall.DomID = 0

// Content is what a domain of the boot bundle begins with.
type Content struct {
	Kernel, Ramdisk, Args []byte
}

// Domain makes a domain with all its memory, whose vCPUs wait for Start.
func Domain(h *lock.Holder, s *Spec, with *Content) (*domain.Domain, Failure) {
	d, f := New(h, s)
	if f == nil {
		f = fill(h, d, s, with)
	}
	if f != nil {
		return nil, f
	}
	machine.Publish(d)
	return d, nil
}

// fill gives the domain its memory, with its kernel and what that has to know, and
// the first vCPU its state.
func fill(h *lock.Holder, d *domain.Domain, s *Spec, with *Content) Failure {
	if err := pvelf.Parse(&image, with.Kernel, pvelf.Features(pv.Features(s.Privileged))); !err.OK() {
		return Failure(err.Text(&failure))
	}
	c := pvbuild.Config{
		Pages: s.Pages, Ramdisk: with.Ramdisk, Args: with.Args, Privileged: s.Privileged,
		SharedInfo: d.SharedFrame,
	}
	if !s.Privileged {
		var e [2]hypercall.Errno
		c.StorePort, e[0] = evtchn.AllocUnbound(h, &d.Events, &d.Events, domain0)
		c.ConsolePort, e[1] = evtchn.AllocUnbound(h, &d.Events, &d.Events, domain0)
		if e != [2]hypercall.Errno{} {
			return noMemory
		}
	}
	if err := pvbuild.Lay(&lay, &image, &c); !err.OK() {
		return Failure(err.Text(&failure))
	}
	if free := freePages(h); c.Pages > free {
		return Failure(failure.Reset().Template("memory of %s is more than the machine has left: %s", size(c.Pages), size(free)).Bytes())
	}
	var p pages
	if !p.take(h, d, c.Pages, lay.Used()) {
		return noMemory
	}
	pvbuild.Build(&lay, &image, &c, &pvbuild.Memory{Frames: p.list, Page: page})
	if !setRoot(h, d, p.list[lay.Root()]) {
		return notValid
	}
	pv.Reset(h, d.VCPUs()[0], &pv.Initial{
		RIP: uint64(image.Entry), RSP: uint64(lay.StackEnd()), RSI: uint64(lay.StartInfoAddress()), Flags: x86.FlagIF,
	})
	p.free(h)
	return nil
}

func freePages(h *lock.Holder) uint64 {
	var s pmm.Stats
	machine.RAM.Stats(h, &s)
	return s.Free
}

func size(pages uint64) uint64 { return pages * frame.PageSize }

var notValid = Failure("its first page tables are not valid, which is a mistake of the hypervisor's")

func page(m frame.MFN) []byte { return layout.Bytes(m.Addr(), frame.PageSize) }

// setRoot pins the first root, as the ABI has it, and makes it the first vCPU's.
func setRoot(h *lock.Holder, d *domain.Domain, root frame.MFN) bool {
	for {
		var c mm.Call
		machine.Begin(h, d, &c)
		r := d.Memory.Pin(&c, root, pagetype.L4)
		if r == pagetype.OK {
			r = d.Memory.SetKernelRoot(&c, 0, root)
		}
		if r == pagetype.Pinned {
			r = d.Memory.SetKernelRoot(&c, 0, root)
		}
		if !machine.Settle(h, d, &c, r) {
			return r == pagetype.OK
		}
	}
}
