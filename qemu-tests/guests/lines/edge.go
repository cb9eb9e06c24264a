package lines

import (
	"tuco/hypercall"
	"tuco/kernel/x86"
	"tuco/qemu-tests/guests/pv"
)

// The clock's chip, an MC146818: a register is chosen by one port and reached by another.
const (
	clockSelect = 0x70
	clockData   = 0x71

	registerA, registerB, registerC = 10, 11, 12

	rateMask       = 0x0f
	rate256        = 8      // register A: 256 times a second
	periodicEnable = 1 << 6 // register B
	periodicFlag   = 1 << 6 // register C, which is cleared when it is read

	rate = 256
)

func readClock(r uint8) uint8 {
	x86.Out8(clockSelect, r)
	return x86.In8(clockData)
}

func writeClock(r, value uint8) {
	x86.Out8(clockSelect, r)
	x86.Out8(clockData, value)
}

// tick lets the clock interrupt from now on, and stop puts it back as it was.
func tick() (a, b uint8) {
	pv.UsePorts(true)
	a, b = readClock(registerA), readClock(registerB)
	writeClock(registerA, a&^rateMask|rate256)
	readClock(registerC)
	writeClock(registerB, b|periodicEnable)
	return a, b
}

func stop(a, b uint8) {
	writeClock(registerB, b)
	writeClock(registerA, a)
	readClock(registerC)
	pv.UsePorts(false)
}

// patience is how long an interrupt may take, and pause how long one is waited for that must not come.
const (
	patience = 5 * pv.Second
	pause    = 20 * pv.Millisecond
)

// edge counts the clock's interrupts.
func edge(t *pv.T) {
	const want = 100
	_, result := mapPIRQ(self, gsi, lineClock, lineClock)
	pv.Need("map_pirq", result)
	t.OK("setup_gsi", setupGSI(lineClock, edgeTriggered, activeHigh))
	t.Errno("setup_gsi once more", setupGSI(lineClock, edgeTriggered, activeHigh), hypercall.EEXIST)
	p := bind(lineClock)
	t.Errno("setup_gsi while it is bound", setupGSI(lineClock, edgeTriggered, activeHigh), hypercall.EEXIST)
	wanted := wantsEOI(t, lineClock)
	a, b := tick()
	start := pv.Now()
	early := uint64(0) // came after the event before was taken, and before the clock was served
	for n := uint64(0); n < want; {
		if !t.Check(came(p, patience), "no interrupt after %d", n) {
			break
		}
		if readClock(registerC)&periodicFlag != 0 {
			n++
		} else {
			early++
		}
		if wanted {
			t.OK("eoi", eoi(lineClock))
		}
	}
	took := pv.Now() - start
	const least = (want - 1) * pv.Second / rate
	t.Check(early < want/2, "%d interrupts when the clock wanted none", early)
	t.Check(took >= least*9/10, "%d ns for what should take 387 ms", took)
	stop(a, b)
	shut(p)
}

// edgeUnheard lets interrupts come that nobody takes, or listens to.
func edgeUnheard(t *pv.T) {
	p := open(lineClock)
	a, b := tick()
	t.Check(came(p, patience), "no interrupt")
	t.OK("eoi, of a device that was not served", eoi(lineClock))
	pv.Sleep(pv.Now() + pause)
	readClock(registerC)
	t.Check(came(p, patience), "no interrupt after the clock was served")
	t.OK("eoi", eoi(lineClock))
	readClock(registerC)
	t.Check(came(p, patience), "no interrupt after that")
	t.OK("eoi", eoi(lineClock))
	pv.Close(p)
	pv.ClearPending(p)
	readClock(registerC)
	wanted := false
	for end := pv.Now() + patience; !wanted && pv.Now() < end; {
		wanted = readClock(registerC)&periodicFlag != 0
	}
	t.Check(wanted, "the clock has stopped")
	pv.Spin(pv.Now() + pause)
	t.Check(!pv.Pending(p), "a port that is closed is pending")
	p = bind(lineClock)
	readClock(registerC)
	t.Check(came(p, patience), "no interrupt after the line was bound anew")
	t.OK("eoi", eoi(lineClock))
	stop(a, b)
	shut(p)
}

// served counts upcalls.
var served uint64

func serve(*pv.Frame) {
	pv.TakeEvents(func(hypercall.Port) {
		served++
		readClock(registerC)
		pv.Need("eoi", eoi(lineClock))
	})
}

// edgeUpcall has interrupts come as upcalls.
func edgeUpcall(t *pv.T) {
	p := open(lineClock)
	served = 0
	pv.OnTrap(pv.Event, serve)
	pv.Unmask(p)
	a, b := tick()
	pv.UnmaskUpcalls()
	for end := pv.Now() + patience; served < 10 && pv.Now() < end; {
		pv.SchedOp[byte](hypercall.SCHEDOP_block, nil)
	}
	pv.MaskUpcalls()
	t.Check(served >= 10, "%d upcalls", served)
	pv.OnTrap(pv.Event, nil)
	stop(a, b)
	shut(p)
}

// edgeUnmapped takes a line from the port that it is bound to. It is the last test with this line.
func edgeUnmapped(t *pv.T) {
	p := open(lineClock)
	t.OK("unmap", unmapPIRQ(self, lineClock))
	a, b := tick()
	t.Check(!came(p, pause), "an interrupt of a line that is unmapped")
	t.Equal("status", uint64(pv.Status(p).Status), hypercall.EVTCHNSTAT_pirq)
	_, result := bindPIRQ(lineClock)
	t.Errno("bind", result, hypercall.EPERM)
	stop(a, b)
	shut(p)
}
