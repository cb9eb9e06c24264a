package pci

// Read reads a register; see Space.
func (d *Device) Read(register, width int) uint32 { return d.space.Read(d.Function, register, width) }

// Write writes a register; see Space.
func (d *Device) Write(register, width int, value uint32) {
	d.space.Write(d.Function, register, width, value)
}

// Answer lets the device answer at its base addresses.
func (d *Device) Answer() {
	d.Write(command, 2, d.Read(command, 2)|commandIO|commandMemory)
}

// Enable lets the device answer at its base addresses, ask for interrupts, and reach memory by itself. Whoever does that has seen to it that the device
// was reset: until then it may write to where something else told it to.
func (d *Device) Enable() {
	d.Write(command, 2, d.Read(command, 2)&^commandNoLine|commandIO|commandMemory|commandMaster)
}

// Quiet takes from the device what Enable gave it, but for the answers at its base addresses: it reaches no memory and asks for no interrupt.
func (d *Device) Quiet() {
	d.Write(command, 2, d.Read(command, 2)&^commandMaster|commandNoLine)
}

// Capability is an entry of a device's list of what it can do.
type Capability struct {
	ID     uint8
	Offset int // of its first byte, the ID, in configuration space
}

// Capability identifiers.
const (
	CapabilityMSI    = 0x05
	CapabilityVendor = 0x09
	CapabilityMSIX   = 0x11
)

// Capabilities is the device's list. It is as long as there is room for at most, whatever the device says.
func (d *Device) Capabilities() (list []Capability) {
	if d.Read(status, 2)&statusHasPointer == 0 {
		return nil
	}
	const first, entry = 0x40, 4 // behind the header; each is aligned
	at := int(d.Read(firstPointer, 1)) &^ 3
	for at >= first && len(list) < (256-first)/entry {
		word := d.Read(at, 2)
		list = append(list, Capability{ID: uint8(word), Offset: at})
		at = int(word>>8) &^ 3
	}
	return list
}
