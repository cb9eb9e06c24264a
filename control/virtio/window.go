package virtio

import (
	"unsafe"

	"tuco/control/pci"
)

// Window is a range of addresses that a device answers at. Offsets are aligned to the width, which is 1, 2, 4 or 8 bytes.
type Window interface {
	Read(offset, width int) uint64
	Write(offset, width int, value uint64)
}

// Mapper makes regions of the machine's memory accessible, uncached.
type Mapper interface {
	Map(region pci.Region) (Window, error)
}

// Mapped is the Window of a region that is mapped as bytes.
type Mapped []byte

// Read implements Window. It is not inlined, and so each call is one access.
//
//go:noinline
func (m Mapped) Read(offset, width int) uint64 {
	p := unsafe.Pointer(&m[offset : offset+width][0])
	switch width {
	case 1:
		return uint64(*(*uint8)(p))
	case 2:
		return uint64(*(*uint16)(p))
	case 4:
		return uint64(*(*uint32)(p))
	default:
		return *(*uint64)(p)
	}
}

// Write implements Window.
//
//go:noinline
func (m Mapped) Write(offset, width int, value uint64) {
	p := unsafe.Pointer(&m[offset : offset+width][0])
	switch width {
	case 1:
		*(*uint8)(p) = uint8(value)
	case 2:
		*(*uint16)(p) = uint16(value)
	case 4:
		*(*uint32)(p) = uint32(value)
	default:
		*(*uint64)(p) = value
	}
}

// part is a piece of a window, as a capability describes it.
type part struct {
	window Window
	offset int
	length int
}

func (p part) read(offset, width int) uint64         { return p.window.Read(p.offset+offset, width) }
func (p part) write(offset, width int, value uint64) { p.window.Write(p.offset+offset, width, value) }
