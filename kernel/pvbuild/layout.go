package pvbuild

import (
	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/pvelf"
)

// Config is what a domain is to be.
type Config struct {
	Pages       uint64 // its memory: at least one, at most pvelf.MaxAddress in bytes
	Ramdisk     []byte // nil: none, or one that the caller writes
	RamdiskSize uint64 // of the latter
	Args        []byte // the kernel's command line
	Privileged  bool   // it is domain 0
	SharedInfo  frame.MFN
	StorePort   hypercall.Port // of the store, unless it is domain 0
	ConsolePort hypercall.Port // of the console, likewise
}

// ramdiskSize is how many bytes the ramdisk has, whoever writes it.
func (c *Config) ramdiskSize() uint64 { return max(uint64(len(c.Ramdisk)), c.RamdiskSize) }

// Span is pages that follow each other in pseudo-physical memory. One of no
// pages is not there.
type Span struct {
	First frame.PFN
	Pages uint64
}

func (s Span) end() frame.PFN { return s.First + frame.PFN(s.Pages) }

// Layout is where everything is in a new domain.
type Layout struct {
	Base      frame.VAddr // where PFN 0 is mapped
	Mapped    uint64      // how many pages are, from there on
	Kernel    Span        // from its first byte to its last
	Ramdisk   Span
	P2M       Span
	StartInfo Span
	Store     Span
	Console   Span
	Tables    Span // page tables of the mapped pages, the L4 first
	Stack     Span
	P2MTables Span // further ones, for a p2m at a place of its own

	p2mAddress frame.VAddr
	trees      [2]tree // of Tables and P2MTables
}

// Address is where a page among the mapped ones appears.
func (l *Layout) Address(p frame.PFN) frame.VAddr {
	return l.Base + frame.VAddr(p)<<frame.PageShift
}

// Root is the page of the L4.
func (l *Layout) Root() frame.PFN { return l.Tables.First }

// StackEnd is the first vCPU's RSP.
func (l *Layout) StackEnd() frame.VAddr { return l.Address(l.Stack.end()) }

// StartInfoAddress is the first vCPU's RSI.
func (l *Layout) StartInfoAddress() frame.VAddr { return l.Address(l.StartInfo.First) }

// pages is how many pages the domain must have at least.
func (l *Layout) pages() uint64 {
	return l.Mapped + l.unmappedRamdisk() + l.unmappedP2M() + l.P2MTables.Pages
}

// Used is how many pages, from the first on, Build writes to or expects to be zero, or maps.
func (l *Layout) Used() uint64 {
	used := l.Mapped
	for _, s := range [...]Span{l.Ramdisk, l.P2M, l.P2MTables} {
		used = max(used, uint64(s.end()))
	}
	return used
}

func (l *Layout) unmappedRamdisk() uint64 {
	if uint64(l.Ramdisk.First) >= l.Mapped {
		return l.Ramdisk.Pages
	}
	return 0
}

func (l *Layout) unmappedP2M() uint64 {
	if uint64(l.P2M.First) >= l.Mapped {
		return l.P2M.Pages
	}
	return 0
}

// Lay lays out a domain. Unless the Error is OK, l is not to be used.
func Lay(l *Layout, i *pvelf.Image, c *Config) Error {
	switch {
	case len(c.Args) >= hypercall.MAX_GUEST_CMDLINE:
		return Error{Code: ArgsTooLong, n: [4]uint64{uint64(len(c.Args)), hypercall.MAX_GUEST_CMDLINE - 1}}
	case c.Privileged && i.HasFeatureMask() && !i.Supported.Has(hypercall.XENFEAT_dom0):
		return Error{Code: NotDom0}
	}
	if err := l.place(i, c, c.Pages); !err.OK() {
		return err
	}
	if l.pages() <= c.Pages {
		return Error{}
	}
	return tooSmall(l, i, c)
}
