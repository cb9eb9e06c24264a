package container

import (
	"unsafe"

	"tuco/kernel/frame"
	"tuco/kernel/layout"
	"tuco/kernel/x86"
)

// extended is where the state that XSAVE covers waits while its vCPU is not
// on a CPU. The XMM registers in it that the kernel uses are whatever it left in
// them: exit.Regs has the guest's.
type extended struct {
	area *x86.ExtendedState
	xcr0 uint64 // what the guest has turned on, a part of extendedMask
}

// extendedMask is what is switched: x87, MXCSR and the YMM registers where
// the CPU has them. Zero means a CPU with no XSAVE. All CPUs of a machine are
// alike; each writes the same value.
var extendedMask uint64

// Initial values of the x87 control word and MXCSR: every exception masked.
const (
	initialFCW   = 0x37f
	initialMXCSR = 0x1f80
)

// enableExtended lets guests use all that extendedMask covers and nothing
// else: a component that is not switched would leak from guest to guest.
func enableExtended() {
	_, _, features, _ := x86.CPUID(1, 0)
	if features&(1<<26) == 0 { // XSAVE
		return
	}
	x86.WriteCR4(x86.ReadCR4() | x86.CR4OSXSAVE)
	mask := uint64(x86.XCR0X87 | x86.XCR0SSE)
	if supported, _, _, _ := x86.CPUID(0xd, 0); supported&x86.XCR0AVX != 0 {
		mask |= x86.XCR0AVX
	}
	x86.XSETBV(mask)
	extendedMask = mask
}

func (e *extended) init(f frame.MFN) {
	e.area = (*x86.ExtendedState)(layout.Pointer(layout.Direct(f.Addr())))
	*e.area = x86.ExtendedState{}
	e.area.FCW = initialFCW
	e.area.MXCSR = initialMXCSR
	e.xcr0 = extendedMask
	if extendedMask != 0 {
		// In use, so that XRSTOR takes MXCSR and the control word from here.
		e.area.InUse = x86.XCR0X87 | x86.XCR0SSE
	}
}

// SetFX gives a container that is not loaded the x87 and SSE state of an image in
// FXSAVE's format, which may hold anything. APM vol. 2, "FXSAVE and FXRSTOR
// Instructions".
func (c *Container) SetFX(image *[fxSize]byte) {
	a := c.extended.area
	// A bit of MXCSR that the processor doesn't have is a fault in our own XRSTOR.
	mask := a.MXCSRMask
	if mask == 0 {
		mask = defaultMXCSRMask
	}
	copy((*[fxSize]byte)(unsafe.Pointer(a))[:], image[:])
	a.MXCSR &= mask
	a.MXCSRMask = mask
	a.InUse = x86.XCR0X87 | x86.XCR0SSE
	c.Regs.XMM0, c.Regs.XMM14, c.Regs.XMM15 = a.XMM[0], a.XMM[14], a.XMM[15]
}

const (
	fxSize = 512
	// defaultMXCSRMask is what a processor has that does not say.
	defaultMXCSRMask = 0xffbf
)

// ExtendedMask is the vector state that guests can have, as bits of XCR0; 0 where
// the processor has no XSAVE.
func ExtendedMask() uint64 { return extendedMask }

// SetXCR0 sets the guest's XCR0, a part of ExtendedMask that the processor takes.
// The container is loaded.
func (c *Container) SetXCR0(v uint64) {
	c.extended.xcr0 = v
	x86.XSETBV(v)
}

// load puts the state into the CPU. Where the last x87 instruction was, and what it was
// about, many of AMD's processors load only together with an exception that
// it has raised, and TCG never: so what another guest left there goes first.
// APM vol. 2, "FXSAVE and FXRSTOR Instructions".
func (e *extended) load() {
	x86.FNINIT()
	if extendedMask != 0 {
		x86.XRSTOR(e.area, extendedMask)
		if e.xcr0 != extendedMask {
			x86.XSETBV(e.xcr0)
		}
	} else {
		x86.FXRSTOR(e.area)
	}
}

func (e *extended) save() {
	if extendedMask != 0 {
		if e.xcr0 != extendedMask {
			x86.XSETBV(extendedMask)
		}
		x86.XSAVE(e.area, extendedMask)
	} else {
		x86.FXSAVE(e.area)
	}
}

// The area is within its frame.
const _ = uint(frame.PageSize - unsafe.Sizeof(x86.ExtendedState{}))
