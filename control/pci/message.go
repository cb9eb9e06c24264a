package pci

// MessageTable is where a device has what it writes in order to interrupt: MSI-X. PCI Local Bus Specification 3.0, "MSI-X Capability and Table Structure".
type MessageTable struct {
	Region  int // number of the base address register
	Offset  uint64
	Entries int
}

// MessageEntry is the size of an entry of the table, in bytes: address, data, and whether it is masked.
const MessageEntry = 16

// Fields of the capability.
const (
	messageControl = 2
	messageTable   = 4 // the region's number in the lowest bits

	messageEntries = 1<<11 - 1 // one less than there are
	messagesMasked = 1 << 14
	messagesOn     = 1 << 15
	messageRegion  = 7
)

// Messages is the device's table of messages; not ok if it has none.
func (d *Device) Messages() (t MessageTable, ok bool) {
	at, ok := d.messages()
	if !ok {
		return t, false
	}
	table := d.Read(at+messageTable, 4)
	return MessageTable{
		Region: int(table & messageRegion), Offset: uint64(table &^ messageRegion), Entries: int(d.Read(at+messageControl, 2)&messageEntries) + 1,
	}, true
}

// UseMessages has the device interrupt by messages, those of its table that are not masked, or by its line again. A device without a table
// stays as it is.
func (d *Device) UseMessages(on bool) {
	at, ok := d.messages()
	if !ok {
		return
	}
	control := d.Read(at+messageControl, 2) &^ (messagesOn | messagesMasked)
	if on {
		control |= messagesOn
	}
	d.Write(at+messageControl, 2, control)
}

func (d *Device) messages() (at int, ok bool) {
	for _, c := range d.Capabilities() {
		if c.ID == CapabilityMSIX {
			return c.Offset, true
		}
	}
	return 0, false
}
