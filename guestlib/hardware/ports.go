package hardware

// Ports are the machine's I/O ports. Widths are 1, 2 or 4 bytes.
type Ports struct{}

// In reads a port.
func (Ports) In(port uint16, width int) uint32 {
	switch width {
	case 1:
		return in8(port)
	case 2:
		return in16(port)
	default:
		return in32(port)
	}
}

// Out writes a port.
func (Ports) Out(port uint16, width int, value uint32) {
	switch width {
	case 1:
		out8(port, value)
	case 2:
		out16(port, value)
	default:
		out32(port, value)
	}
}

func in8(port uint16) uint32
func in16(port uint16) uint32
func in32(port uint16) uint32
func out8(port uint16, value uint32)
func out16(port uint16, value uint32)
func out32(port uint16, value uint32)
