package pvbuild

import (
	"tuco/kernel/frame"
	"tuco/kernel/text"
)

// Code says why a domain can't be built.
type Code uint8

const (
	_ Code = iota
	ArgsTooLong
	NotDom0
	RegionReserved
	P2MReserved
	P2MOverlaps
	TooSmall

	numCodes
)

// Error is the first thing that is wrong; its zero value says that nothing is.
type Error struct {
	Code Code
	n    [4]uint64
}

// OK says that there is no error.
func (e *Error) OK() bool { return e.Code == 0 }

// messages: see text.Line.Template.
var messages = [numCodes]string{
	ArgsTooLong:    "the kernel's command line has %d bytes; the ABI has room for %d",
	NotDom0:        "the kernel can't be domain 0: its Xen note SUPPORTED_FEATURES leaves out dom0",
	RegionReserved: "the kernel and what starts it would be at %x with %d bytes, and reach beyond the end of the address space or into %x to %x, which no guest has",
	P2MReserved:    "the p2m would be at %x with %d bytes, as the Xen note INIT_P2M wants it, and reach beyond the end of the address space or into %x to %x, which no guest has",
	P2MOverlaps:    "the p2m would be from %x to %x, as the Xen note INIT_P2M wants it, and overlap the kernel and what starts it, from %x to %x",
}

// Text writes the error into l and returns it: what to say about the domain, without a
// final period.
func (e *Error) Text(l *text.Line) []byte {
	l.Reset()
	if e.Code != TooSmall {
		return l.Template(messages[e.Code], e.n[0], e.n[1], e.n[2], e.n[3]).Bytes()
	}
	l.Template("memory of %s is too small: the kernel ends at %s", e.n[0], size(e.n[1]))
	if e.n[2] != 0 {
		l.Template(", the ramdisk takes %s", size(e.n[2]))
	}
	return l.Template("; with page tables and all it needs at least %s", size(e.n[3])).Bytes()
}

// size is a number of pages as bytes, in whole MiB.
func size(pages uint64) uint64 { return (pages + mib - 1) &^ (mib - 1) << frame.PageShift }
