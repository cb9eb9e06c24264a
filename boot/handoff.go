package boot

import (
	"tuco/kernel/frame"
	"tuco/kernel/layout"
)

// Handoff is what boot/asm/head.S tells the Go side: what the loader left in
// its registers, and where linker.ld put the parts of the image. The order of
// the fields is head.S's.
type Handoff struct {
	Magic uint64      // EAX at entry: multiboot2's magic, or anything under PVH
	Info  frame.MAddr // EBX at entry: the loader's information

	// Used once, and free after the last CPU is up.
	BootStart, BootEnd frame.MAddr

	// The code that application processors begin with, and in it the
	// TrampolineArguments.
	TrampolineStart, TrampolineEnd, TrampolineArgs frame.MAddr

	// The stub of paravirtual guests' containers: see package pv.
	StubStart, StubEnd frame.MAddr

	// The guest of the built-in self-test.
	SelftestStart, SelftestEnd frame.MAddr

	// The hypervisor proper.
	Text         [TextParts]Part
	Rodata, Data Part
}

// TextParts is how many parts the text is cut into, between which lie pages that are no longer needed.
const TextParts = 4

// Part is a part of the image.
type Part struct{ Start, End frame.VAddr }

// ImageStart is the machine address of the image's first byte, its headers.
const ImageStart frame.MAddr = 0x10_0000

// Image is the machine memory that the image takes: the headers and the boot
// part, and the parts of the hypervisor proper. There are gaps between them, in
// which GRUB likes to put modules.
type Image [TextParts + 3]Range

// Image tells where the image is.
func (h *Handoff) Image() Image {
	image := Image{
		{ImageStart, max(h.BootEnd, h.TrampolineEnd, h.StubEnd, h.SelftestEnd).Up()},
		loaded(h.Rodata),
		loaded(h.Data),
	}
	for i, part := range h.Text {
		image[3+i] = loaded(part)
	}
	return image
}

// loaded is where the image's pages are in machine memory.
func loaded(p Part) Range {
	return Range{layout.ImageMachine(p.Start), layout.ImageMachine(p.End.Up())}
}

// TrampolineArguments is what an application processor's first instructions
// read; boot/asm/trampoline.S has the same fields.
type TrampolineArguments struct {
	Root  frame.MAddr // the page tables to begin with, below 4 GiB
	Entry frame.VAddr // where to go in 64-bit mode
	CPU   frame.VAddr // what to find in RDI there
}
