package pvbuild

import (
	"unsafe"

	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/pagetype"
)

// Memory is the memory of a domain while it is built. The pages that Layout.Used counts are zero.
type Memory struct {
	Frames []frame.MFN              // of each PFN
	Page   func(m frame.MFN) []byte // a frame's content, page-aligned
}

// The content of a page by what it is used as.
type (
	page  [frame.PageSize]byte
	table [pagetype.Entries]pagetype.PTE
	list  [frame.PageSize / 8]frame.MFN
)

func (m *Memory) content(p frame.PFN) unsafe.Pointer {
	return unsafe.Pointer((*page)(m.Page(m.Frames[p])))
}

func (m *Memory) page(p frame.PFN) *page   { return (*page)(m.content(p)) }
func (m *Memory) table(p frame.PFN) *table { return (*table)(m.content(p)) }
func (m *Memory) list(p frame.PFN) *list   { return (*list)(m.content(p)) }

func (m *Memory) startInfo(p frame.PFN) *hypercall.StartInfo {
	const _ = uint(frame.PageSize - unsafe.Sizeof(hypercall.StartInfo{}))
	return (*hypercall.StartInfo)(m.content(p))
}
