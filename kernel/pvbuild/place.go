package pvbuild

import (
	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/pvelf"
)

const (
	regionAlign = 4 << 20
	padding     = 512 << 10 // behind the stack, at least

	// Addresses that no guest's are, from here to the end of the
	// hypervisor's: those that are not canonical, and then the reserved slots.
	lowEnd    = 1 << 47
	highStart = hypercall.HYPERVISOR_VIRT_END
)

// cursor is the next free page.
type cursor frame.PFN

func (c *cursor) take(pages uint64) Span {
	s := Span{frame.PFN(*c), pages}
	*c += cursor(pages)
	return s
}

// place puts everything in its place for a p2m of so many pages.
func (l *Layout) place(i *pvelf.Image, c *Config, pages uint64) Error {
	p2m, elsewhere := i.InitP2M()
	ramdisk, list := inPages(c.ramdiskSize()), inPages(pages*8)
	*l = Layout{Base: i.VirtBase}
	l.Kernel.First = frame.PFN(i.Start >> frame.PageShift)
	l.Kernel.Pages = inPages(i.End) - uint64(l.Kernel.First)
	at := cursor(l.Kernel.end())
	if !i.ModStartPFN() {
		l.Ramdisk = at.take(ramdisk)
	}
	if !elsewhere {
		l.P2M = at.take(list)
		p2m = l.Address(l.P2M.First)
	}
	l.StartInfo = at.take(1)
	if !c.Privileged {
		l.Store, l.Console = at.take(1), at.take(1)
	}
	if err := l.placeTables(at); !err.OK() {
		return err
	}
	at = cursor(l.Mapped)
	if i.ModStartPFN() {
		l.Ramdisk = at.take(ramdisk)
	}
	l.p2mAddress = p2m
	if elsewhere {
		l.P2M = at.take(list)
		return l.placeP2MTables(&at)
	}
	return Error{}
}

// placeTables places what follows from the first page table on. The tables map
// themselves, so their number and the region's size depend on each other;
// beginning with too few, both grow until they agree.
func (l *Layout) placeTables(at cursor) Error {
	for n := uint64(levels); ; n = l.trees[0].tables() {
		next := at
		l.Tables, l.Stack = next.take(n), next.take(1)
		size := uint64(next)<<frame.PageShift + padding
		region := (uint64(l.Base)+size+regionAlign-1)&^(regionAlign-1) - uint64(l.Base)
		if err := checkRange(l.Base, max(size, region), RegionReserved); !err.OK() {
			return err
		}
		l.Mapped = region >> frame.PageShift
		l.trees[0].cover(l.Base, l.Mapped, nil)
		if l.trees[0].tables() == n {
			l.trees[0].place(l.Tables.First)
			return Error{}
		}
	}
}

// placeP2MTables places the tables of a p2m outside of the region. A table whose
// addresses the region has a part of is there already.
func (l *Layout) placeP2MTables(at *cursor) Error {
	start, size := uint64(l.p2mAddress), l.P2M.Pages<<frame.PageShift
	if err := checkRange(l.p2mAddress, size, P2MReserved); !err.OK() {
		return err
	}
	base, end := uint64(l.Base), uint64(l.Address(frame.PFN(l.Mapped)))
	if start < end && base < start+size {
		return Error{Code: P2MOverlaps, n: [4]uint64{start, start + size, base, end}}
	}
	l.trees[1].cover(l.p2mAddress, l.P2M.Pages, &l.trees[0])
	l.P2MTables = at.take(l.trees[1].tables())
	l.trees[1].place(l.P2MTables.First)
	return Error{}
}

// checkRange tells whether a guest may have so many bytes at v. They don't
// reach the very end of the address space, so that an end is no 0.
func checkRange(v frame.VAddr, size uint64, code Code) Error {
	start := uint64(v)
	if size > ^start || start < highStart && start+size > lowEnd {
		return Error{Code: code, n: [4]uint64{start, size, lowEnd, highStart}}
	}
	return Error{}
}

// inPages is how many pages hold so many bytes.
func inPages(bytes uint64) uint64 { return (bytes + frame.PageSize - 1) >> frame.PageShift }

// tooSmall finds how much memory would do, in whole MiB: with more memory the p2m grows.
func tooSmall(l *Layout, i *pvelf.Image, c *Config) Error {
	need := uint64(0)
	for l.pages() > need {
		need = (l.pages() + mib - 1) &^ (mib - 1)
		if err := l.place(i, c, need); !err.OK() {
			return err
		}
	}
	return Error{Code: TooSmall, n: [4]uint64{c.Pages << frame.PageShift, uint64(l.Kernel.end()), l.Ramdisk.Pages, need}}
}

// mib is in pages.
const mib = 1 << 20 >> frame.PageShift
