package pci

import (
	"fmt"
	"sync"
)

// Function is the address of a function: bus, device and function number.
type Function uint16

// At is the function with these numbers, of which more bits than there are for each are ignored.
func At(bus, device, function int) Function {
	return Function(bus&0xff<<8 | device&0x1f<<3 | function&7)
}

// Bus, Device and Number are the parts of an address.
func (f Function) Bus() int    { return int(f >> 8) }
func (f Function) Device() int { return int(f >> 3 & 0x1f) }
func (f Function) Number() int { return int(f & 7) }

// String is the address as lspci writes it, without the domain.
func (f Function) String() string {
	return fmt.Sprintf("%02x:%02x.%d", f.Bus(), f.Device(), f.Number())
}

// Space reaches registers of functions. A register has a width of 1, 2 or 4 bytes and is aligned. What is not there reads as all
// ones. It may be used by several goroutines at once.
type Space interface {
	Read(f Function, register, width int) uint32
	Write(f Function, register, width int, value uint32)
}

// IO is a machine's I/O ports.
type IO interface {
	In(port uint16, width int) uint32
	Out(port uint16, width int, value uint32)
}

// The ports of the configuration mechanism.
const (
	addressPort = 0xcf8
	dataPort    = 0xcfc
	enable      = 1 << 31
)

// Ports is the Space behind a PC's I/O ports.
type Ports struct {
	io IO
	mu sync.Mutex // address and data are two accesses
}

// NewPorts is the Space behind some I/O ports.
func NewPorts(io IO) *Ports { return &Ports{io: io} }

// Read implements Space.
func (p *Ports) Read(f Function, register, width int) uint32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.io.In(p.choose(f, register), width)
}

// Write implements Space.
func (p *Ports) Write(f Function, register, width int, value uint32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.io.Out(p.choose(f, register), width, value)
}

// choose makes a register the one behind the data port, and returns the port that it begins at.
func (p *Ports) choose(f Function, register int) uint16 {
	p.io.Out(addressPort, 4, enable|uint32(f)<<8|uint32(register&0xfc))
	return dataPort + uint16(register&3)
}
