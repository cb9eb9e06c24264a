package apic

import (
	"sync/atomic"

	"tuco/kernel/frame"
	"tuco/kernel/layout"
	"tuco/kernel/x86"
)

// Spurious is the vector of an interrupt that went away before it was taken.
// Its handler does nothing, and sends no EOI.
const Spurious x86.Vector = 0xff

// lapic is set by Init and constant from then on.
var lapic local

// known holds the APIC ID of each CPU that EnableCPU ran on, plus one; 0 is an
// empty place.
var known [layout.MaxCPUs]atomic.Uint64

// count is how many places of known are taken.
var count atomic.Uint32

// Base is the machine address of the local APIC's page. It needs a mapping,
// uncached, before Init where NeedsPage says so.
func Base() frame.MAddr {
	return frame.MAddr(x86.RDMSR(x86.MSRAPICBase) & 0x000f_ffff_ffff_f000)
}

// Present tells whether the CPU has a local APIC.
func Present() bool {
	_, _, _, edx := x86.CPUID(1, 0)
	return edx>>9&1 != 0
}

// hasX2 tells whether the CPU offers x2APIC mode, or is in it already.
func hasX2() bool {
	_, _, ecx, _ := x86.CPUID(1, 0)
	return ecx>>21&1 != 0 || x86.RDMSR(x86.MSRAPICBase)&x86.APICBaseX2APIC != 0
}

// NeedsPage tells whether the APICs are reached through memory on this machine.
func NeedsPage() bool { return !hasX2() }

// Init decides how the local APICs are reached. page is where Base is mapped,
// and is not used in x2APIC mode. Once, on the first CPU, before EnableCPU.
func Init(page frame.VAddr) {
	lapic = local{x2: hasX2(), base: page}
	count.Store(0)
}

// Mode is "x2APIC" or "xAPIC", for the log.
func Mode() string {
	if lapic.x2 {
		return "x2APIC"
	}
	return "xAPIC"
}

// EnableCPU turns this CPU's local APIC on, with nothing but IPIs let through:
// every local source masked, every priority accepted, and no interrupt left
// in service by whoever ran before.
func EnableCPU() {
	base := x86.RDMSR(x86.MSRAPICBase) | x86.APICBaseEnable
	x86.WRMSR(x86.MSRAPICBase, base) // first xAPIC: the step from off to x2APIC is illegal
	if lapic.x2 {
		x86.WRMSR(x86.MSRAPICBase, base|x86.APICBaseX2APIC)
	}
	lapic.reset()
	if i := count.Add(1) - 1; i < layout.MaxCPUs {
		known[i].Store(uint64(ID()) + 1)
	}
}

func (l *local) reset() {
	l.write(regTPR, 0)
	l.write(regSVR, svrEnable|uint32(Spurious))
	// The number of local vector table entries tells which exist.
	last := l.read(regVersion) >> 16 & 0xff
	// A masked entry still needs a legal vector, or it counts as an error.
	const masked = lvtMasked | uint32(Spurious)
	l.write(regTimer, masked)
	l.write(regLINT0, masked)
	l.write(regLINT1, masked)
	l.write(regError, masked)
	if last >= 4 {
		l.write(regPerformance, masked)
	}
	if last >= 5 {
		l.write(regThermal, masked)
	}
	if last >= 6 {
		l.write(regCMCI, masked)
	}
	l.write(regInitial, 0)
	l.write(regDivide, divideBy1)
	// One EOI ends one interrupt, so 256 end whatever can be in service.
	for range 256 {
		busy := uint32(0)
		for word := range register(8) {
			busy |= l.read(regISR + word*0x10)
		}
		if busy == 0 {
			break
		}
		l.write(regEOI, 0)
	}
	l.errors()
}

// ID is this CPU's local APIC ID.
func ID() uint32 {
	if lapic.x2 {
		return lapic.read(regID)
	}
	return lapic.read(regID) >> 24
}

// EOI ends the interrupt in service on this CPU, so that others get through.
func EOI() { lapic.write(regEOI, 0) }
