package power

import (
	"tuco/kernel/acpi"
	"tuco/kernel/timer"
	"tuco/kernel/x86"
)

// Bits of the PM1 control and sleep control registers.
const (
	pm1Enabled    = 1 << 0 // ACPI mode
	pm1TypeShift  = 10
	pm1TypeMask   = 7 << pm1TypeShift
	pm1Sleep      = 1 << 13
	sleepTypeBits = 2 // shift
	sleepEnable   = 1 << 5
)

// sleep enters the state S5, "soft off", if the firmware told how. It returns
// if that did not work.
func sleep() {
	if !ways.HasS5 {
		return
	}
	if ways.SleepControl.Exists() {
		write8(ways.SleepControl, ways.SleepA<<sleepTypeBits|sleepEnable)
		timer.Delay(patience)
		return
	}
	if !isPort(ways.PM1aControl) {
		return
	}
	a := uint16(ways.PM1aControl.Addr)
	enableACPI(a)
	x86.Out16(a, pm1Value(x86.In16(a), ways.SleepA))
	if isPort(ways.PM1bControl) {
		b := uint16(ways.PM1bControl.Addr)
		x86.Out16(b, pm1Value(x86.In16(b), ways.SleepB))
	}
	timer.Delay(patience)
}

// pm1Value is the PM1 control register's value that enters a sleep state.
func pm1Value(old uint16, kind uint8) uint16 {
	return old&^pm1TypeMask | uint16(kind)<<pm1TypeShift&pm1TypeMask | pm1Sleep
}

func isPort(r acpi.Register) bool { return r.Exists() && r.Space == acpi.SpaceIO }

// enableACPI takes the power registers over from the firmware, where that is
// still to be done.
func enableACPI(pm1a uint16) {
	if x86.In16(pm1a)&pm1Enabled != 0 || ways.SMICommand == 0 {
		return
	}
	x86.Out8(ways.SMICommand, ways.ACPIEnable)
	for range 100 {
		if x86.In16(pm1a)&pm1Enabled != 0 {
			return
		}
		timer.Delay(1_000_000)
	}
}
