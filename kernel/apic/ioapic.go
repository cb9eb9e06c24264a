package apic

import (
	"tuco/kernel/acpi"
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// MaxIOAPICs is how many I/O APICs are kept; a PC has one or two.
const MaxIOAPICs = 16

// Registers of an I/O APIC, reached through a pair of windows.
const (
	ioSelect = 0x00 // which register
	ioWindow = 0x10 // its contents

	ioVersion     = 1
	ioArbitration = 2
	ioRedirect    = 0x10 // two registers a pin
)

const ioMasked = 1 << 16

// ioapic is one controller. Only the boot sequence and the holder of whatever
// lock it chooses touch it: a register takes two accesses.
type ioapic struct {
	at    frame.MAddr
	base  frame.VAddr // where at is mapped, uncached
	first uint32      // global system interrupt of its first pin
	pins  uint32
}

var (
	ioapics     [MaxIOAPICs]ioapic
	ioapicCount int
)

// Line is an interrupt input and how it signals.
type Line struct {
	GSI       uint32 // global system interrupt
	ActiveLow bool
	Level     bool
}

// ISALine is the line of an ISA interrupt: its own number, active high and edge
// triggered, unless the firmware has an override for it.
func ISALine(irq uint8, overrides []acpi.Override) Line {
	for i := range overrides {
		if o := &overrides[i]; o.IRQ == irq {
			return Line{GSI: o.GSI, ActiveLow: o.ActiveLow, Level: o.Level}
		}
	}
	return Line{GSI: uint32(irq)}
}

// AddIOAPIC takes charge of the controller at an address, which is mapped uncached
// at base, and whose first pin is gsi; and masks all its pins. It returns the
// number of pins, or 0 if none answers there or there are too many controllers.
func AddIOAPIC(at frame.MAddr, base frame.VAddr, gsi uint32) int {
	a := ioapic{at: at, base: base, first: gsi}
	version := a.read(ioVersion)
	if version == ^uint32(0) || version == 0 || ioapicCount == MaxIOAPICs {
		return 0
	}
	a.pins = version>>16&0xff + 1
	for pin := range a.pins {
		a.redirect(pin, ioMasked)
	}
	ioapics[ioapicCount] = a
	ioapicCount++
	return int(a.pins)
}

// Route sends a line's interrupts to a CPU as vector. False if no controller
// has the line, or if the CPU's APIC ID does not fit in 8 bits.
func Route(l Line, vector x86.Vector, id uint32) bool {
	if a := find(l.GSI); a != nil && id <= 0xff {
		a.redirect(l.GSI-a.first, l.entry(vector, id))
		return true
	}
	return false
}

// HasLine tells whether a controller has the line.
func HasLine(gsi uint32) bool { return find(gsi) != nil }

// Mask silences a line. How it signals and where to stays as it is: an
// interrupt on its way is still ended by its vector.
func Mask(gsi uint32) {
	if a := find(gsi); a != nil {
		r := ioRedirect + 2*(gsi-a.first)
		a.write(r, a.read(r)|ioMasked)
	}
}

// Unmask lets a line interrupt that was routed and then masked. If it is triggered
// by its level and up, it interrupts at once.
func Unmask(gsi uint32) {
	if a := find(gsi); a != nil {
		r := ioRedirect + 2*(gsi-a.first)
		a.write(r, a.read(r)&^ioMasked)
	}
}

// IORegister reads a register of the controller at an address, 0 for one that it has
// not; false if there is no controller.
func IORegister(at frame.MAddr, r uint32) (uint32, bool) {
	for i := range ioapicCount {
		if a := &ioapics[i]; a.at == at {
			if r > ioArbitration && r-ioRedirect >= 2*a.pins {
				return 0, true
			}
			return a.read(r), true
		}
	}
	return 0, false
}

func find(gsi uint32) *ioapic {
	for i := range ioapicCount {
		if a := &ioapics[i]; gsi >= a.first && gsi-a.first < a.pins {
			return a
		}
	}
	return nil
}

// entry is the redirection table entry: fixed delivery to one CPU.
func (l Line) entry(vector x86.Vector, id uint32) uint64 {
	e := uint64(vector) | uint64(id)<<56
	if l.ActiveLow {
		e |= 1 << 13
	}
	if l.Level {
		e |= 1 << 15
	}
	return e
}

func (a *ioapic) read(r uint32) uint32 {
	x86.Store32(a.base+ioSelect, r)
	return x86.Load32(a.base + ioWindow)
}

func (a *ioapic) write(r, v uint32) {
	x86.Store32(a.base+ioSelect, r)
	x86.Store32(a.base+ioWindow, v)
}

// redirect writes a pin's entry, masked while it is half written.
func (a *ioapic) redirect(pin uint32, entry uint64) {
	a.write(ioRedirect+2*pin, ioMasked)
	a.write(ioRedirect+2*pin+1, uint32(entry>>32))
	a.write(ioRedirect+2*pin, uint32(entry))
}
