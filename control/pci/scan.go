package pci

import (
	"fmt"
	"slices"
)

// Device is a function that was found.
type Device struct {
	Function  Function
	Vendor    uint16
	ID        uint16
	Class     uint32 // base class, class and programming interface
	Revision  uint8
	Subsystem uint16 // 0 for a bridge
	Line      uint8  // the interrupt that the firmware says its line is connected to
	Pin       uint8  // which of the four lines it has; 0 if none

	space Space
}

// String says where it is and what, as lspci -n does.
func (d *Device) String() string {
	return fmt.Sprintf("%v %04x: %04x:%04x (rev %02x)", d.Function, d.Class>>8, d.Vendor, d.ID, d.Revision)
}

// Scan finds all functions, in the order of their addresses.
func Scan(space Space) []*Device {
	s := scan{space: space}
	s.bus(0)
	slices.SortFunc(s.found, func(a, b *Device) int { return int(a.Function) - int(b.Function) })
	return s.found
}

type scan struct {
	space Space
	seen  [256]bool // buses
	found []*Device
}

// bus looks at a bus and at those behind its bridges. It is entered once for each, so this ends.
func (s *scan) bus(bus int) {
	if s.seen[bus] {
		return
	}
	s.seen[bus] = true
	for device := range 32 {
		functions := 1
		for number := 0; number < functions; number++ {
			f := At(bus, device, number)
			kind, there := s.function(f)
			if !there {
				continue // a gap; but function 0 is always there if any is
			}
			if number == 0 && kind&headerFunctions != 0 {
				functions = 8
			}
			if behind := int(s.space.Read(f, secondaryBus, 1)); s.isBridge(kind) && behind > bus {
				s.bus(behind)
			}
		}
	}
}

func (s *scan) isBridge(kind uint32) bool {
	return kind&headerKind == headerBridge && s.found[len(s.found)-1].Class>>8 == classBridge
}

// function adds a function if it is there, and returns what kind of header it has.
func (s *scan) function(f Function) (kind uint32, there bool) {
	vendor := s.space.Read(f, vendorID, 2)
	if vendor == nobody || vendor == 0 {
		return 0, false
	}
	class := s.space.Read(f, classCode, 4)
	d := &Device{
		Function: f, Vendor: uint16(vendor), ID: uint16(s.space.Read(f, deviceID, 2)),
		Class: class >> 8, Revision: uint8(class),
		Line: uint8(s.space.Read(f, lineRegister, 1)), Pin: uint8(s.space.Read(f, pinRegister, 1)),
		space: s.space,
	}
	kind = s.space.Read(f, headerType, 1)
	if kind&headerKind == headerDevice {
		d.Subsystem = uint16(s.space.Read(f, subsystemID, 2))
	}
	s.found = append(s.found, d)
	return kind, true
}
