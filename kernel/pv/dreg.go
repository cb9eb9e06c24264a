package pv

import (
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// Bits of DR6 and DR7. APM vol. 2, "Debug Registers".
const (
	dr6Ones   = 0xffff_0ff0
	dr6Zeroes = 0xffff_ffff_0000_1000
	dr7GD     = 1 << 13 // all accesses to the registers would trap
)

// GetDR reads a debug register as a guest's kernel sees it. False: there is no
// such register.
func GetDR(v *domain.VCPU, n uint32) (uint64, bool) {
	c := &v.Container
	switch n {
	case 0, 1, 2, 3:
		return c.DR(uint8(n)), true
	case 4, 5:
		if v.PV.CR4&x86.CR4DE != 0 {
			return 0, false
		}
		return c.DR(uint8(n + 2)), true
	case 6, 7:
		return c.DR(uint8(n)), true
	}
	return 0, false
}

// DRError is why a debug register can't be set.
type DRError uint8

// The reasons.
const (
	DROK       DRError = iota
	DRNone             // there is no such register: DR4 and DR5 are others' names only with CR4.DE clear
	DRReserved         // the value sets bits of the upper half of DR6 or DR7
	DRRefused          // it would watch the hypervisor, or accesses to the registers, or ports with CR4.DE clear
)

// SetDR sets a debug register.
func SetDR(v *domain.VCPU, n uint32, value uint64) bool { return CheckedSetDR(v, n, value) == DROK }

// CheckedSetDR sets a debug register, or says why not.
func CheckedSetDR(v *domain.VCPU, n uint32, value uint64) DRError {
	c := &v.Container
	switch n {
	case 0, 1, 2, 3:
		if !watchable(frame.VAddr(value)) {
			return DRRefused
		}
		c.SetDR(uint8(n), value)
		return DROK
	case 4, 5:
		if v.PV.CR4&x86.CR4DE != 0 {
			return DRNone
		}
		return CheckedSetDR(v, n+2, value)
	case 6:
		if value>>32 != 0 {
			return DRReserved
		}
		c.SetDR(6, value&^dr6Zeroes|dr6Ones)
		return DROK
	case 7:
		if value>>32 != 0 {
			return DRReserved
		}
		return setDR7(v, value)
	}
	return DRNone
}

// setDR7 sets DR7. A breakpoint on a port needs CR4.DE.
func setDR7(v *domain.VCPU, value uint64) DRError {
	if value&dr7GD != 0 {
		return DRRefused
	}
	if value&x86.DR7Enable != 0 && v.PV.CR4&x86.CR4DE == 0 && onPort(value) {
		return DRRefused
	}
	v.Container.SetDR7(value)
	return DROK
}

// onPort tells whether a value of DR7 enables a breakpoint on a port.
//
//go:noinline
func onPort(value uint64) bool {
	const port = 2
	for n := range uint64(4) {
		if value>>(2*n)&3 != 0 && value>>(16+4*n)&3 == port {
			return true
		}
	}
	return false
}

// watchable tells whether an address is one that a guest may set a breakpoint on.
func watchable(a frame.VAddr) bool { return a.Canonical() && guestAddress(a) }
