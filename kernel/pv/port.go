package pv

import (
	"tuco/kernel/domain"
	"tuco/kernel/x86"
)

// portIn reads a port for a guest that has the right to use ports, but may not
// have this one by itself. What it may not have reads as if nothing were there.
func portIn(v *domain.VCPU, port uint16, size uint8) uint64 {
	if !permitted(v, port, size) {
		return 0xffff_ffff
	}
	switch size {
	case 1:
		return uint64(x86.In8(port))
	case 2:
		return uint64(x86.In16(port))
	}
	return uint64(x86.In32(port))
}

// portOut writes to a port likewise.
func portOut(v *domain.VCPU, port uint16, size uint8, value uint32) {
	if !permitted(v, port, size) {
		return
	}
	switch size {
	case 1:
		x86.Out8(port, uint8(value))
	case 2:
		x86.Out16(port, uint16(value))
	default:
		x86.Out32(port, value)
	}
}

// permitted tells whether a domain was given all the ports of an access.
func permitted(v *domain.VCPU, port uint16, size uint8) bool {
	last := uint32(port) + uint32(size) - 1
	if !v.Domain.Privileged {
		return wasGiven(v.Holder(), v.Domain.ID, port, last)
	}
	return domain0Has(port, last) || isConfig(port, last)
}

// domain0Has tells whether all of some ports are such that domain 0 may use them with no exit.
func domain0Has(first uint16, last uint32) bool {
	for _, r := range &domain0Ports {
		if r.within(first, last) {
			return true
		}
	}
	return false
}

// isConfig tells whether ports are those of PCI configuration.
func isConfig(port uint16, last uint32) bool { return port >= 0xcf8 && last <= 0xcff }
