package acpi

import (
	"encoding/binary"

	"tuco/kernel/frame"
)

// Space says where a register is.
type Space uint8

const (
	SpaceMemory Space = 0
	SpaceIO     Space = 1
	SpacePCI    Space = 2 // configuration space of bus 0: see Register.PCI
)

// Register is a register of the chip set.
type Register struct {
	Space Space
	Bits  uint8  // its width; 0: the firmware did not say
	Addr  uint64 // 0: there is no such register
}

// Exists says whether there is such a register.
func (r Register) Exists() bool { return r.Addr != 0 }

// PCI splits the address of a register in SpacePCI.
func (r Register) PCI() (device, function uint8, offset uint16) {
	return uint8(r.Addr >> 32), uint8(r.Addr >> 16), uint16(r.Addr)
}

// Power is what powering off, resetting and the PM timer need.
type Power struct {
	// To power off: write SleepA<<10|1<<13 to PM1aControl, keeping its other
	// bits, then SleepB likewise to PM1bControl if that exists. Only if HasS5.
	PM1aControl, PM1bControl Register // 16 bits
	HasS5                    bool
	SleepA, SleepB           uint8
	// SleepControl takes SleepA<<2|1<<5 instead where the machine is
	// "hardware-reduced" and has no PM1 registers.
	SleepControl Register // 8 bits

	// PM1 control works in ACPI mode only. If bit 0 of PM1aControl is clear
	// and SMICommand is not 0, writing ACPIEnable to that port changes to it.
	SMICommand uint16
	ACPIEnable uint8

	// To reset: write ResetValue to Reset.
	Reset      Register // 8 bits
	ResetValue uint8

	// Timer counts at 3.579545 MHz and has 24 or 32 bits (TimerBits).
	Timer     Register
	TimerBits uint8

	SCI uint16 // the interrupt that ACPI events come by
}

// Offsets in the FADT. Those from fadtResetReg on came with ACPI 2.0 and
// need not be there.
const (
	fadtDSDT         = 40  // uint32
	fadtSCI          = 46  // uint16
	fadtSMICommand   = 48  // uint32
	fadtACPIEnable   = 52  // uint8
	fadtPM1aControl  = 64  // uint32, a port
	fadtPM1bControl  = 68  // uint32, a port
	fadtTimer        = 76  // uint32, a port
	fadtTimerLength  = 91  // uint8
	fadtFlags        = 112 // uint32
	fadtSizeV1       = 116
	fadtResetReg     = 116 // generic address
	fadtResetValue   = 128 // uint8
	fadtXDSDT        = 140 // uint64
	fadtXPM1aControl = 172 // generic address
	fadtXPM1bControl = 184 // generic address
	fadtXTimer       = 208 // generic address
	fadtSleepControl = 244 // generic address

	flagTimer32   = 1 << 8
	flagReset     = 1 << 10
	flagHWReduced = 1 << 20
)

// parseFADT returns the DSDT's address.
func (t *Tables) parseFADT(b []byte) (dsdt frame.MAddr) {
	if len(b) < fadtSizeV1 {
		t.problem(TableShort, sigFADT, uint64(len(b)), fadtSizeV1)
		return 0
	}
	le := binary.LittleEndian
	p := &t.Power
	flags := le.Uint32(b[fadtFlags:])
	p.SCI = le.Uint16(b[fadtSCI:])
	if port := le.Uint32(b[fadtSMICommand:]); port <= 0xffff {
		p.SMICommand = uint16(port)
		p.ACPIEnable = b[fadtACPIEnable]
	}
	if flags&flagHWReduced == 0 {
		p.PM1aControl = t.register(b, fadtXPM1aControl, fadtPM1aControl, 16)
		p.PM1bControl = t.register(b, fadtXPM1bControl, fadtPM1bControl, 16)
		if b[fadtTimerLength] == 4 {
			p.Timer = t.register(b, fadtXTimer, fadtTimer, 32)
		}
	} else {
		p.SleepControl = t.register(b, fadtSleepControl, 0, 8)
	}
	if p.Timer.Exists() {
		p.TimerBits = 24
		if flags&flagTimer32 != 0 {
			p.TimerBits = 32
		}
	}
	if flags&flagReset != 0 && len(b) > fadtResetValue {
		p.Reset = t.register(b, fadtResetReg, 0, 8)
		p.ResetValue = b[fadtResetValue]
	}
	dsdt = frame.MAddr(le.Uint32(b[fadtDSDT:]))
	if len(b) >= fadtXDSDT+8 {
		if x := frame.MAddr(le.Uint64(b[fadtXDSDT:])); x != 0 {
			dsdt = x
		}
	}
	return dsdt
}

// register reads the generic address at offset x, or, where the table is too
// short for it or it is empty, the port at offset old (0: there is none).
// Bits is the width that a port in the old form has.
func (t *Tables) register(b []byte, x, old int, bits uint8) Register {
	le := binary.LittleEndian
	var r Register
	if len(b) >= x+12 {
		r = Register{Space: Space(b[x]), Bits: b[x+1], Addr: le.Uint64(b[x+4:])}
	}
	if r.Addr == 0 && old != 0 {
		r = Register{Space: SpaceIO, Bits: bits, Addr: uint64(le.Uint32(b[old:]))}
	}
	if r.Addr == 0 {
		return Register{}
	}
	if r.Space > SpacePCI || r.Space == SpaceIO && r.Addr > 0xffff {
		t.problem(BadRegister, sigFADT, uint64(r.Space), r.Addr)
		return Register{}
	}
	return r
}

// parseHPET: the generic address of the registers is at 40; only memory
// makes sense.
func (t *Tables) parseHPET(b []byte) {
	const at = 40
	if len(b) < at+12 {
		t.problem(TableShort, sigHPET, uint64(len(b)), at+12)
		return
	}
	if Space(b[at]) == SpaceMemory {
		t.HPET = frame.MAddr(binary.LittleEndian.Uint64(b[at+4:]))
	}
}
