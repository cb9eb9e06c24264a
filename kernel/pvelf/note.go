package pvelf

import (
	"encoding/binary"

	"tuco/hypercall"
	"tuco/kernel/frame"
)

// maxNotes is how many notes of whatever name are looked at.
const maxNotes = 1024

const noteHeader = 12 // sizes of name and content, and type: 4 bytes each

// numbers are the names of those notes that we read and that are numbers; the
// others are texts.
var numbers = [hypercall.XEN_ELFNOTE_MAX + 1]string{
	hypercall.XEN_ELFNOTE_ENTRY:              "ENTRY",
	hypercall.XEN_ELFNOTE_HYPERCALL_PAGE:     "HYPERCALL_PAGE",
	hypercall.XEN_ELFNOTE_VIRT_BASE:          "VIRT_BASE",
	hypercall.XEN_ELFNOTE_PADDR_OFFSET:       "PADDR_OFFSET",
	hypercall.XEN_ELFNOTE_HV_START_LOW:       "HV_START_LOW",
	hypercall.XEN_ELFNOTE_SUSPEND_CANCEL:     "SUSPEND_CANCEL",
	hypercall.XEN_ELFNOTE_INIT_P2M:           "INIT_P2M",
	hypercall.XEN_ELFNOTE_MOD_START_PFN:      "MOD_START_PFN",
	hypercall.XEN_ELFNOTE_SUPPORTED_FEATURES: "SUPPORTED_FEATURES",
	hypercall.XEN_ELFNOTE_PHYS32_ENTRY:       "PHYS32_ENTRY",
}

// notes are the contents of the Xen notes, by type. Of two with the same type
// the later counts, as on Xen.
type notes struct {
	content [hypercall.XEN_ELFNOTE_MAX + 1][]byte // nil: there is none
	found   int
	seen    int
}

// read finds the notes: in the segments that hold notes, and if there are none of
// Xen's, in the sections.
func (n *notes) read(f *elf) Error {
	for k := range f.segments {
		if h := f.segment(k); h.typ == ptNote {
			if err := n.readTable(f, h.offset, h.fileSize); !err.OK() {
				return err
			}
		}
	}
	if n.found == 0 {
		for k := range f.sections {
			if typ, offset, size := f.section(k); typ == shtNote {
				if err := n.readTable(f, offset, size); !err.OK() {
					return err
				}
			}
		}
	}
	if n.found == 0 {
		return Error{Code: NoNotes}
	}
	return Error{}
}

// readTable reads notes that follow each other. Name and content of each are filled
// up to a multiple of 4 bytes, but for the last perhaps.
func (n *notes) readTable(f *elf, offset, size uint64) Error {
	table, ok := f.bytes(offset, size)
	if !ok {
		return Error{Code: NoteCut, n: [3]uint64{offset}}
	}
	for len(table) >= noteHeader {
		if n.seen == maxNotes {
			return Error{Code: TooManyNotes, n: [3]uint64{maxNotes}}
		}
		n.seen++
		left := uint64(len(table) - noteHeader)
		nameSize := uint64(binary.LittleEndian.Uint32(table))
		contentSize := uint64(binary.LittleEndian.Uint32(table[4:]))
		typ := binary.LittleEndian.Uint32(table[8:])
		at := pad4(nameSize)
		if at > left || contentSize > left-at {
			return Error{Code: NoteCut, n: [3]uint64{offset + size - uint64(len(table))}}
		}
		body := table[noteHeader:]
		if string(body[:nameSize]) == "Xen\x00" {
			if err := n.set(typ, body[at:at+contentSize]); !err.OK() {
				return err
			}
		}
		table = body[min(pad4(at+contentSize), left):]
	}
	return Error{}
}

func (n *notes) set(typ uint32, content []byte) Error {
	n.found++
	if typ > hypercall.XEN_ELFNOTE_MAX {
		return Error{} // for a later Xen
	}
	if name := numbers[typ]; name != "" && len(content) != 4 && len(content) != 8 {
		return Error{Code: BadNumber, what: name, n: [3]uint64{uint64(len(content))}}
	}
	n.content[typ] = content
	return Error{}
}

// number is the value of a note that is a number.
func (n *notes) number(typ int) (v uint64, ok bool) {
	switch c := n.content[typ]; len(c) {
	case 4:
		return uint64(binary.LittleEndian.Uint32(c)), true
	case 8:
		return binary.LittleEndian.Uint64(c), true
	}
	return 0, false
}

// text is the value of a note that is a text: up to a zero, which not every kernel writes.
func (n *notes) text(typ int) []byte {
	c := n.content[typ]
	for k := range c {
		if c[k] == 0 {
			return c[:k]
		}
	}
	return c
}

func pad4(n uint64) uint64 { return (n + 3) &^ 3 }

// HypercallPage is the page that is to be filled with hypercalls, if the kernel has one.
func (i *Image) HypercallPage() (frame.VAddr, bool) {
	v, ok := i.notes.number(hypercall.XEN_ELFNOTE_HYPERCALL_PAGE)
	return frame.VAddr(v), ok
}

// InitP2M is where the kernel wants its p2m; if nowhere, it follows the kernel.
func (i *Image) InitP2M() (frame.VAddr, bool) {
	v, ok := i.notes.number(hypercall.XEN_ELFNOTE_INIT_P2M)
	return frame.VAddr(v), ok
}

// ModStartPFN tells whether the ramdisk need not be mapped.
func (i *Image) ModStartPFN() bool {
	v, _ := i.notes.number(hypercall.XEN_ELFNOTE_MOD_START_PFN)
	return v != 0
}

// SuspendCancel tells whether a suspend may be cancelled.
func (i *Image) SuspendCancel() bool {
	v, _ := i.notes.number(hypercall.XEN_ELFNOTE_SUSPEND_CANCEL)
	return v != 0
}

// Phys32Entry is the pseudo-physical address at which the kernel begins as a
// PVH domain, if it can.
func (i *Image) Phys32Entry() (uint64, bool) {
	return i.notes.number(hypercall.XEN_ELFNOTE_PHYS32_ENTRY)
}

// L1MFNValid says how L1 entries that are not present and hold a frame all the same
// are known: entry & mask == value, for one of the pairs. Beyond the last pair ok is false.
func (i *Image) L1MFNValid(pair int) (mask, value uint64, ok bool) {
	c := i.notes.content[hypercall.XEN_ELFNOTE_L1_MFN_VALID]
	if pair < 0 || pair >= len(c)/16 {
		return 0, 0, false
	}
	return binary.LittleEndian.Uint64(c[16*pair:]), binary.LittleEndian.Uint64(c[16*pair+8:]), true
}

// GuestOS names the operating system, as the kernel puts it. It may hold any bytes.
func (i *Image) GuestOS() []byte { return i.notes.text(hypercall.XEN_ELFNOTE_GUEST_OS) }

// GuestVersion is the operating system's version. It may hold any bytes.
func (i *Image) GuestVersion() []byte { return i.notes.text(hypercall.XEN_ELFNOTE_GUEST_VERSION) }

// HasFeatureMask tells whether Supported is meant to be complete.
func (i *Image) HasFeatureMask() bool {
	return i.notes.content[hypercall.XEN_ELFNOTE_SUPPORTED_FEATURES] != nil
}
