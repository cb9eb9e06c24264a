// Package probe makes tiny images for boot tests: an ELF file that an emulator loads by its PVH note, and GRUB by its
// multiboot2 header, and that does a few things at the first serial port and the exit ports. With them the harness is
// tested with real emulators and without a hypervisor.
//
// Both protocols enter at the same 32-bit code, in protected mode with flat segments and no stack, so the code uses
// neither a stack nor a descriptor table.
package probe

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
)

// Layout of an image, as offsets in the file and from its load address.
const (
	loadAddress = 0x200000
	noteOffset  = 0x200
	mb2Offset   = 0x300
	codeOffset  = 0x1000
)

// A Program is the code of an image under construction.
type Program struct {
	code []byte
}

func (p *Program) emit(code ...byte) { p.code = append(p.code, code...) }

func (p *Program) emit32(opcode byte, value uint32) {
	p.emit(opcode)
	p.code = binary.LittleEndian.AppendUint32(p.code, value)
}

// here is the address of the next byte of code.
func (p *Program) here() uint32 { return loadAddress + codeOffset + uint32(len(p.code)) }

// Ports and status bits of the first serial port.
const (
	uartData       = 0x3f8
	uartLineFormat = 0x3fb
	uartLineStatus = 0x3fd
	dataReady      = 0x01
	transmitReady  = 0x20 // the next byte may be written
	transmitEmpty  = 0x40 // the last byte is on the line
)

// waitLineStatus waits for a bit of the line status register.
func (p *Program) waitLineStatus(bit byte) {
	p.emit(0x66, 0xba, uartLineStatus&0xff, uartLineStatus>>8) // mov dx, uartLineStatus
	p.emit(0xec)                                               // in al, dx
	p.emit(0xa8, bit)                                          // test al, bit
	p.emit(0x74, 0xfb)                                         // jz the in
}

// Print sends text to the first serial port.
func (p *Program) Print(text string) *Program {
	// jmp over the text; E9 is followed by the distance.
	p.emit32(0xe9, uint32(len(text)))
	address := p.here()
	p.emit([]byte(text)...)
	p.emit(0x66, 0xba, uartLineFormat&0xff, uartLineFormat>>8, 0xb0, 3, 0xee) // 8 data bits: Bochs starts with 5
	p.emit32(0xbe, address)                                                   // mov esi, text
	p.emit32(0xb9, uint32(len(text)))                                         // mov ecx, length
	loop := len(p.code)
	p.waitLineStatus(transmitReady)
	p.emit(0x66, 0xba, uartData&0xff, uartData>>8) // mov dx, uartData
	p.emit(0xac, 0xee)                             // lodsb; out dx, al
	p.emit(0xe2, byte(loop-len(p.code)-2))         // loop
	p.waitLineStatus(transmitEmpty)                // or the end of the text is lost when the machine stops
	return p
}

// Echo waits for one character at the first serial port and sends it back.
func (p *Program) Echo() *Program {
	p.waitLineStatus(dataReady)
	p.emit(0x66, 0xba, uartData&0xff, uartData>>8) // mov dx, uartData
	p.emit(0xec, 0xee)                             // in al, dx; out dx, al
	return p
}

// DebugExit writes a value to QEMU's isa-debug-exit port: QEMU's status is then 2*value+1.
func (p *Program) DebugExit(value uint32) *Program {
	p.emit32(0xb8, value)             // mov eax, value
	p.emit(0x66, 0xba, 0xf4, 0, 0xef) // mov dx, 0xf4; out dx, eax
	return p
}

// PowerOff powers the machine off: QEMU's PC by PM1a_CNT of its ACPI, at the port that SeaBIOS and QEMU's fixed
// tables give it, and Bochs by its shutdown port.
func (p *Program) PowerOff() *Program {
	p.emit(0x66, 0xba, 0x00, 0x89) // mov dx, 0x8900
	for _, c := range []byte("Shutdown") {
		p.emit(0xb0, c, 0xee) // mov al, c; out dx, al
	}
	p.emit32(0xb8, 0x2000)         // mov eax, SLP_EN
	p.emit(0x66, 0xba, 0x04, 0x06) // mov dx, 0x604
	p.emit(0x66, 0xef)             // out dx, ax
	return p
}

// TripleFault loads an empty interrupt table and faults.
func (p *Program) TripleFault() *Program {
	p.emit(0xeb, 6, 0, 0, 0, 0, 0, 0) // jmp over the table's pseudo descriptor
	p.emit(0x0f, 0x01, 0x1d)          // lidt [descriptor]
	p.code = binary.LittleEndian.AppendUint32(p.code, p.here()-3-6)
	p.emit(0x0f, 0x0b) // ud2
	return p
}

// hang stops the CPU for good: what every program ends with.
var hang = []byte{0xfa, 0xf4, 0xeb, 0xfd} // cli; hlt; jmp the hlt

// Image gives the program's ELF file. Where the code ends, the CPU halts.
func (p *Program) Image() []byte {
	code := append(bytes.Clone(p.code), hang...)
	image := make([]byte, codeOffset+len(code))
	put := func(offset int, value any) {
		var b bytes.Buffer
		binary.Write(&b, binary.LittleEndian, value)
		copy(image[offset:], b.Bytes())
	}
	entry := uint32(loadAddress + codeOffset)
	note := []uint32{4, 4, 18, 'X' | 'e'<<8 | 'n'<<16, entry} // XEN_ELFNOTE_PHYS32_ENTRY
	put(0, elf.Header64{
		Ident:   [16]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:    uint16(elf.ET_EXEC),
		Machine: uint16(elf.EM_X86_64), Version: uint32(elf.EV_CURRENT), Entry: uint64(entry),
		Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 2,
	})
	put(64, elf.Prog64{
		Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_X), Vaddr: loadAddress, Paddr: loadAddress,
		Filesz: uint64(len(image)), Memsz: uint64(len(image)), Align: 0x1000,
	})
	put(64+56, elf.Prog64{
		Type: uint32(elf.PT_NOTE), Flags: uint32(elf.PF_R), Off: noteOffset, Vaddr: loadAddress + noteOffset,
		Paddr: loadAddress + noteOffset, Filesz: uint64(4 * len(note)), Memsz: uint64(4 * len(note)), Align: 4,
	})
	put(noteOffset, note)
	// Multiboot2 specification, "The layout of Multiboot2 header": magic, architecture i386, length, checksum, end tag.
	const magic, length = 0xe85250d6, 24
	var sum uint32 = magic + length
	put(mb2Offset, []uint32{magic, 0, length, -sum, 0, 8})
	copy(image[codeOffset:], code)
	return image
}
