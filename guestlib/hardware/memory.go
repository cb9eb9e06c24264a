package hardware

import (
	"fmt"

	"tuco/guestlib/page"
	"tuco/hypercall"
)

// Memory is a device's memory that is mapped.
type Memory struct {
	room  *page.Room
	pages int
	bytes []byte
}

// Map maps a device's memory, of some bytes from an address of the machine on. It fails where the domain was not given it.
func Map(address, size uint64) (*Memory, error) {
	const most = 1 << 30
	if size == 0 || size > most || address+size < address {
		return nil, fmt.Errorf("map %#x bytes of a device at %#x: it takes 1 to %#x", size, address, uint64(most))
	}
	first := address / page.Size
	n := int((address+size-1)/page.Size - first + 1)
	room, err := page.Reserve(n)
	if err != nil {
		return nil, err
	}
	m := &Memory{room: room, bytes: room.Bytes(0, n)[address%page.Size:][:size:size]}
	for m.pages < n {
		if err := room.MapDevice(m.pages, hypercall.XenPFN(first)+hypercall.XenPFN(m.pages)); err != nil {
			m.Unmap()
			return nil, fmt.Errorf("map a device at %#x: %w", address, err)
		}
		m.pages++
	}
	return m, nil
}

// Bytes is the memory. Compilers may move or merge accesses to it that are not made for devices.
func (m *Memory) Bytes() []byte { return m.bytes }

// Unmap takes the mapping away. Nobody may use the memory any more.
func (m *Memory) Unmap() error {
	for i := range m.pages {
		if err := m.room.Unmap(i); err != nil {
			return err // what is still mapped keeps the room
		}
	}
	m.pages, m.bytes = 0, nil
	return m.room.Free()
}
