// Package hypervisor is what other packages of the control domain take as an interface of the hypervisor's, where this program
// runs on one: domains that package build can fill.
package hypervisor

import (
	"unsafe"

	"tuco/control/build"
	"tuco/guestlib/hostctl"
	"tuco/hypercall"
	"tuco/kernel/frame"
)

// Domain is a build.Domain.
type Domain struct{ *hostctl.Domain }

var _ build.Domain = Domain{}

// SharedInfo is build.Domain's.
func (d Domain) SharedInfo() (frame.MFN, error) { return frame.MFN(d.Domain.SharedInfo), nil }

// Populate is build.Domain's.
func (d Domain) Populate(first frame.PFN, frames []frame.MFN) error {
	return d.Domain.Populate(uint64(first), numbers(frames))
}

// Map is build.Domain's.
func (d Domain) Map(frames []frame.MFN) (build.Mapping, error) {
	m, err := d.Domain.Map(numbers(frames))
	if err != nil {
		return nil, err
	}
	return m, nil
}

// Pin is build.Domain's.
func (d Domain) Pin(root frame.MFN) error {
	const topLevel = 4
	return d.Domain.Pin(topLevel, hypercall.XenPFN(root))
}

// numbers are frames as the ABI has them: the same numbers.
func numbers(frames []frame.MFN) []hypercall.XenPFN {
	return unsafe.Slice((*hypercall.XenPFN)(unsafe.Pointer(unsafe.SliceData(frames))), len(frames))
}

// Features are those that the hypervisor offers to domains, a bit for each XENFEAT_*, as build.Spec takes them.
func Features() (uint64, error) {
	return hostctl.Features()
}
