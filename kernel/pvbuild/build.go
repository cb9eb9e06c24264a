package pvbuild

import (
	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/pagetype"
	"tuco/kernel/pvelf"
)

// Build fills the memory of a domain that was laid out for the same kernel and
// configuration. The memory has Config.Pages frames. Of segments that have no Data, and of a ramdisk of
// which only the size is known, the caller has written the content.
func Build(l *Layout, i *pvelf.Image, c *Config, m *Memory) {
	for k := range i.Segments() {
		s := &i.Segments()[k]
		m.write(s.Addr, s.Data)
	}
	if v, ok := i.HypercallPage(); ok {
		fillHypercallPage(m.page(frame.PFN((v - l.Base) >> frame.PageShift)))
	}
	m.write(uint64(l.Ramdisk.First)<<frame.PageShift, c.Ramdisk)
	m.writeP2M(l.P2M.First)
	fillStartInfo(m.startInfo(l.StartInfo.First), l, c, m)
	l.mapPages(m)
}

// write puts data at a pseudo-physical address.
func (m *Memory) write(at uint64, data []byte) {
	for len(data) > 0 {
		n := copy(m.Rest(at), data)
		data = data[n:]
		at += uint64(n)
	}
}

// Rest is what a page has from a pseudo-physical address on.
func (m *Memory) Rest(at uint64) []byte {
	return m.page(frame.PFN(at >> frame.PageShift))[at%frame.PageSize:]
}

// writeP2M writes which machine frame each page has.
func (m *Memory) writeP2M(p frame.PFN) {
	for rest := m.Frames; len(rest) > 0; p++ {
		n := copy(m.list(p)[:], rest)
		rest = rest[n:]
	}
}

// magic names the ABI. Only its beginning counts for kernels.
const magic = "xen-3.0-x86_64"

func fillStartInfo(s *hypercall.StartInfo, l *Layout, c *Config, m *Memory) {
	copy(s.Magic[:], magic)
	s.NrPages = c.Pages
	s.SharedInfo = uint64(c.SharedInfo.Addr())
	if c.Privileged {
		s.Flags = hypercall.SIF_PRIVILEGED | hypercall.SIF_INITDOMAIN
		s.SetDom0Console(0, 0)
	} else {
		s.StoreMFN = hypercall.XenPFN(m.Frames[l.Store.First])
		s.StoreEvtchn = c.StorePort
		s.ConsoleMFN = hypercall.XenPFN(m.Frames[l.Console.First])
		s.ConsoleEvtchn = c.ConsolePort
	}
	s.PTBase = uint64(l.Address(l.Tables.First))
	s.NrPTFrames = l.Tables.Pages
	s.MFNList = uint64(l.p2mAddress)
	if l.unmappedP2M() != 0 {
		s.FirstP2MPFN = hypercall.XenPFN(l.P2M.First)
		s.NrP2MFrames = l.P2M.Pages + l.P2MTables.Pages
	}
	s.ModLen = c.ramdiskSize()
	switch {
	case s.ModLen == 0:
	case l.unmappedRamdisk() != 0:
		s.ModStart = uint64(l.Ramdisk.First)
		s.Flags |= hypercall.SIF_MOD_START_PFN
	default:
		s.ModStart = uint64(l.Address(l.Ramdisk.First))
	}
	copy(s.CmdLine[:len(s.CmdLine)-1], c.Args)
}

// What Xen gives the entries of the first page tables.
const (
	pageFlags  = pagetype.Present | pagetype.RW | pagetype.User | pagetype.Accessed
	tableFlags = pageFlags | pagetype.Dirty
)

// mapPages writes the page tables.
func (l *Layout) mapPages(m *Memory) {
	l.point(m, 1, number(l.Base, 0), Span{0, l.Mapped}, pageFlags)
	l.point(m, 1, number(l.Address(l.Tables.First), 0), l.Tables, pageFlags&^pagetype.RW)
	if l.unmappedP2M() != 0 {
		l.point(m, 1, number(l.p2mAddress, 0), l.P2M, pageFlags)
	}
	for k := range l.trees {
		t := &l.trees[k]
		for level := 1; level < levels; level++ {
			l.point(m, level+1, t.first[level], Span{t.at[level], t.n[level]}, tableFlags)
		}
	}
}

// point makes the entries with the numbers from first on, in tables of a level, point to pages.
func (l *Layout) point(m *Memory, level int, first uint64, to Span, flags pagetype.PTE) {
	for p := to.First; p < to.end(); {
		t := l.table(m, level, first/pagetype.Entries)
		for k := first % pagetype.Entries; k < pagetype.Entries && p < to.end(); k++ {
			t[k] = pagetype.MakePTE(m.Frames[p], flags)
			p++
			first++
		}
	}
}

func (l *Layout) table(m *Memory, level int, n uint64) *table {
	p, ok := l.trees[0].find(level, n)
	if !ok {
		p, _ = l.trees[1].find(level, n)
	}
	return m.table(p)
}
