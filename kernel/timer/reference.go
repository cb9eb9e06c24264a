package timer

import "tuco/kernel/x86"

// pmHz is the rate of the ACPI timer. ACPI specification, "Power Management Timer".
const pmHz = 3_579_545

// pitHz is the rate of the 8254's counters.
const pitHz = 1_193_182

// pm is the ACPI timer's I/O port.
var pm uint16

func readPM() uint32 { return x86.In32(pm) }

// The PIT's channel 2 has a gate, and interrupts nobody.
const (
	pitChannel2 = 0x42
	pitCommand  = 0x43
	pitGate     = 0x61

	pitMode2 = 2<<6 | 3<<4 | 2<<1 // channel 2, both bytes, rate generator
	pitLatch = 2 << 6
)

// startPIT lets channel 2 count down from 65536 over and over, speaker off.
func startPIT() {
	x86.Out8(pitGate, x86.In8(pitGate)&^2|1)
	x86.Out8(pitCommand, pitMode2)
	x86.Out8(pitChannel2, 0)
	x86.Out8(pitChannel2, 0)
}

// readPIT reads channel 2 as if it counted up.
func readPIT() uint32 {
	x86.Out8(pitCommand, pitLatch)
	low := x86.In8(pitChannel2)
	high := x86.In8(pitChannel2)
	return -(uint32(high)<<8 | uint32(low)) & 0xffff
}
