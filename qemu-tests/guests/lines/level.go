package lines

import (
	"tuco/kernel/x86"
	"tuco/qemu-tests/guests/pv"
)

// The PIIX4's power management, function 3 of PCI device 1 on the emulators' PCs.
const (
	configSelect = 0xcf8
	configData   = 0xcfc

	powerFunction = 1<<31 | 1<<11 | 3<<8
	powerID       = 0x7113_8086
	powerBase     = 0x40 // where its ports are

	// ports, from powerBase on
	status = 0
	enable = 2

	timerBit = 1 << 0 // of both: the timer's highest bit has changed, which it does every 2.3 s
)

func readConfig(offset uint32) uint32 {
	x86.Out32(configSelect, powerFunction|offset)
	return x86.In32(configData)
}

// level has the timer of power management pull its line, which stays up until that is served.
func level(t *pv.T) {
	if pv.Quirk("power-line") {
		t.Skip("power management's interrupt is on another line")
		return
	}
	pv.UsePorts(true)
	if readConfig(0) != powerID {
		t.Skip("the machine has no PIIX4")
		pv.UsePorts(false)
		return
	}
	base := uint16(readConfig(powerBase) & 0xffc0)
	enabled := x86.In16(base + enable)
	pull := func() { x86.Out16(base+enable, timerBit) }
	release := func() { x86.Out16(base+enable, 0) }
	release()

	_, result := mapPIRQ(self, gsi, linePower, linePower)
	pv.Need("map_pirq", result)
	t.OK("setup_gsi", setupGSI(linePower, levelTriggered, activeHigh))
	p := bind(linePower)
	t.Check(wantsEOI(t, linePower), "the hypervisor does not want to hear when the interrupt was served")
	t.Check(!came(p, pause), "an interrupt from nowhere")
	pull()
	t.Check(came(p, 3*pv.Second), "no interrupt")
	t.Check(x86.In16(base+status)&timerBit != 0, "the timer did not want to interrupt")
	if pv.OnTuco() { // Xen loses patience after a millisecond
		t.Check(!came(p, pause), "an interrupt that was not served comes again")
	}
	t.OK("eoi", eoi(linePower))
	t.Check(came(p, patience), "a line that is still up does not interrupt after eoi")
	release()
	t.OK("eoi", eoi(linePower))
	pv.ClearPending(p)
	t.Check(!came(p, pause), "an interrupt of a line that is down")
	t.OK("eoi of none", eoi(linePower))

	// A line that is up when it is bound, and whose last owner did not serve it.
	pull()
	t.Check(came(p, patience), "no interrupt")
	pv.Close(p)
	pv.ClearPending(p)
	pv.Spin(pv.Now() + pause)
	t.Check(!pv.Pending(p), "a port that is closed is pending")
	p = bind(linePower)
	t.Check(came(p, patience), "a line that is up when it is bound does not interrupt")
	release()
	t.OK("eoi", eoi(linePower))
	pv.ClearPending(p)
	t.Check(!came(p, pause), "an interrupt of a line that is down")
	x86.Out16(base+enable, enabled)
	pv.UsePorts(false)
	shut(p)
}
