package apic

import "tuco/kernel/x86"

// The two legacy interrupt controllers.
const (
	picMaster = 0x20
	picSlave  = 0xa0

	picInit    = 0x11 // ICW1: edge triggered, cascaded, ICW4 follows
	pic8086    = 0x01 // ICW4
	picAllMask = 0xff
)

// FirstLegacy is the vector of the PICs' first line. They are masked, but may
// still raise a spurious interrupt, at FirstLegacy+7 or FirstLegacy+15.
const FirstLegacy x86.Vector = 0x20

// MaskPICs silences the legacy controllers. The BIOS leaves them live, and with
// vectors that are the processor's exceptions.
func MaskPICs() {
	for _, c := range [2]struct {
		port    uint16
		vector  x86.Vector
		cascade uint8
	}{
		{picMaster, FirstLegacy, 1 << 2},
		{picSlave, FirstLegacy + 8, 2},
	} {
		x86.Out8(c.port, picInit)
		x86.Out8(c.port+1, uint8(c.vector))
		x86.Out8(c.port+1, c.cascade)
		x86.Out8(c.port+1, pic8086)
		x86.Out8(c.port+1, picAllMask)
	}
}
