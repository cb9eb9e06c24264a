package apic

import (
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// register is a local APIC register by its offset in the xAPIC page; its x2APIC
// MSR is x2Base plus a sixteenth of that.
type register uint32

const (
	regID          register = 0x20
	regVersion     register = 0x30
	regTPR         register = 0x80 // task priority
	regEOI         register = 0xb0
	regSVR         register = 0xf0 // spurious vector, and software enable
	regISR         register = 0x100
	regESR         register = 0x280 // error status
	regCMCI        register = 0x2f0
	regICR         register = 0x300 // interrupt command
	regICRHigh     register = 0x310 // xAPIC only
	regTimer       register = 0x320
	regThermal     register = 0x330
	regPerformance register = 0x340
	regLINT0       register = 0x350
	regLINT1       register = 0x360
	regError       register = 0x370
	regInitial     register = 0x380 // timer: initial count
	regCurrent     register = 0x390 // timer: current count
	regDivide      register = 0x3e0 // timer: divider

	x2Base x86.MSR = 0x800
)

const (
	svrEnable = 1 << 8

	lvtMasked   = 1 << 16
	lvtOneShot  = 0 << 17
	lvtDeadline = 2 << 17

	divideBy1 = 0b1011
)

// local is how this machine's local APICs are reached; the same on each CPU,
// each of which sees its own there.
type local struct {
	x2   bool
	base frame.VAddr // of the xAPIC page, mapped uncached
}

func (l *local) read(r register) uint32 {
	if l.x2 {
		return uint32(x86.RDMSR(x2Base + x86.MSR(r>>4)))
	}
	return x86.Load32(l.base + frame.VAddr(r))
}

func (l *local) write(r register, v uint32) {
	if l.x2 {
		x86.WRMSR(x2Base+x86.MSR(r>>4), uint64(v))
		return
	}
	x86.Store32(l.base+frame.VAddr(r), v)
}
