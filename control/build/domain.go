package build

import (
	"tuco/hypercall"
	"tuco/kernel/frame"
)

// Domain is a new domain: it has vCPUs that don't run, and no memory.
type Domain interface {
	// AllocPort opens a port of the domain's for the control domain to bind to.
	AllocPort() (hypercall.Port, error)
	// SharedInfo is the frame of its shared_info.
	SharedInfo() (frame.MFN, error)
	// Populate gives it memory, all zero: frames[k] becomes the machine frame of its page first+k.
	Populate(first frame.PFN, frames []frame.MFN) error
	// Map lets us write to frames of its, each of which is named once.
	Map(frames []frame.MFN) (Mapping, error)
	// Pin makes a frame a root of page tables.
	Pin(root frame.MFN) error
	// SetContext gives a vCPU its state.
	SetContext(vcpu int, c *hypercall.VCPUGuestContext) error
}

// Mapping is frames of a domain that can be written to here.
type Mapping interface {
	// Page is the content of the frame with this index in what was mapped, aligned to a page.
	Page(k int) []byte
	// Unmap ends it. No Page may be touched after that.
	Unmap() error
}

// Rings is what the daemons need to know of a domain that has been built.
type Rings struct {
	Store       frame.MFN      // page of the store's ring
	StorePort   hypercall.Port // of the domain's, for the store to bind to
	Console     frame.MFN
	ConsolePort hypercall.Port
}
