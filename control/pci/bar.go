package pci

import "fmt"

// Region is what a base address register describes: addresses that the device answers at.
type Region struct {
	Address  uint64 // in the machine's memory, or an I/O port
	Size     uint64 // in bytes, a power of two
	Ports    bool   // these are I/O ports
	Prefetch bool   // reading has no effects
	Wide     bool   // the next register is its upper half
}

// Regions is how many base address registers a device has.
const Regions = 6

// Bits of a base address register.
const (
	barPorts    = 1 << 0
	barKind     = 3 << 1
	barWide     = 2 << 1 // the next register is the upper half
	barPrefetch = 1 << 3
	barPortMask = ^uint32(3)
	barMemMask  = ^uint32(15)
)

// Region is what the base address register with a number, 0 to 5, describes. It fails where there is none, and where the firmware has
// given it no address. The device must be idle: while its size is being asked for it doesn't answer.
func (d *Device) Region(number int) (Region, error) {
	if number < 0 || number >= Regions {
		return Region{}, fmt.Errorf("%v: no base address register has the number %d", d.Function, number)
	}
	before := d.Read(command, 2)
	d.Write(command, 2, before&^(commandIO|commandMemory))
	defer d.Write(command, 2, before)

	register := firstBAR + 4*number
	value, bits := d.probe(register)
	r := Region{Ports: value&barPorts != 0}
	if r.Ports {
		r.Address = uint64(value & barPortMask)
		r.Size = uint64(^(bits&barPortMask))&0xffff + 1 // the upper half need not be there
	} else {
		r.Prefetch = value&barPrefetch != 0
		r.Address = uint64(value & barMemMask)
		mask := uint64(bits&barMemMask) | 0xffffffff<<32
		if r.Wide = value&barKind == barWide; r.Wide {
			if number == Regions-1 {
				return Region{}, fmt.Errorf("%v: the last base address register says that its upper half is in the next", d.Function)
			}
			high, highBits := d.probe(register + 4)
			r.Address |= uint64(high) << 32
			mask = uint64(bits&barMemMask) | uint64(highBits)<<32
		}
		r.Size = ^mask + 1
	}
	switch {
	case bits == 0 || r.Size == 0 || r.Size&(r.Size-1) != 0:
		return Region{}, fmt.Errorf("%v: base address register %d describes nothing", d.Function, number)
	case r.Address == 0 || r.Address&(r.Size-1) != 0 || r.Address+r.Size-1 < r.Address:
		return Region{}, fmt.Errorf("%v: the firmware gave base address register %d no address for %#x bytes (it has %#x)",
			d.Function, number, r.Size, r.Address)
	}
	return r, nil
}

// probe returns a register's value, and the value that it has after all bits of it were written.
func (d *Device) probe(register int) (value, bits uint32) {
	value = d.Read(register, 4)
	d.Write(register, 4, 0xffffffff)
	bits = d.Read(register, 4)
	d.Write(register, 4, value)
	return value, bits
}
