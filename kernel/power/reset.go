package power

import (
	"tuco/kernel/acpi"
	"tuco/kernel/frame"
	"tuco/kernel/layout"
	"tuco/kernel/timer"
	"tuco/kernel/x86"
)

const (
	resetPort = 0xcf9 // PIIX4 and successors
	resetHard = 1 << 1
	resetNow  = 1 << 2

	keyboardPort  = 0x64
	keyboardBusy  = 1 << 1
	keyboardReset = 0xfe // pulse the line to the processor's reset

	pciAddress = 0xcf8
	pciData    = 0xcfc
	pciEnable  = 1 << 31
)

// reset tries to reset the machine, in the order of promise. The last way can't
// fail on a processor that works.
func reset() {
	if ways.Reset.Exists() {
		write8(ways.Reset, ways.ResetValue)
		timer.Delay(patience)
	}
	x86.Out8(resetPort, resetHard)
	x86.Out8(resetPort, resetHard|resetNow)
	timer.Delay(patience)

	for range 1000 {
		if x86.In8(keyboardPort)&keyboardBusy == 0 {
			break
		}
		timer.Delay(10_000)
	}
	x86.Out8(keyboardPort, keyboardReset)
	timer.Delay(patience)

	// With no interrupt table, a fault becomes a triple fault: shutdown, which
	// the board turns into a reset.
	var none x86.TableRegister
	x86.LoadIDT(&none)
	x86.Breakpoint()
}

// write8 writes a byte to a register of the chip set.
func write8(r acpi.Register, v uint8) {
	switch r.Space {
	case acpi.SpaceIO:
		x86.Out8(uint16(r.Addr), v)
	case acpi.SpaceMemory:
		x86.Store8(layout.Direct(frame.MAddr(r.Addr)), v)
	case acpi.SpacePCI:
		device, function, offset := r.PCI()
		x86.Out32(pciAddress, pciEnable|uint32(device)<<11|uint32(function)<<8|uint32(offset)&0xfc)
		x86.Out8(pciData+(offset&3), v)
	}
}
