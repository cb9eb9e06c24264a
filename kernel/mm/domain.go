package mm

import (
	"tuco/kernel/frame"
	"tuco/kernel/lock"
	"tuco/kernel/pagetype"
)

// Domain is a domain's memory: its page tables, and which of them its vCPUs use.
type Domain struct {
	lock   lock.Spin
	frames *pagetype.Frames
	space  pagetype.Space // but for Flushed, under the lock
	roots  [pagetype.MaxTLBs]roots
	dying  bool      // Destroy has begun; under the lock
	sweep  frame.MFN // how far it has come
}

// roots are the page-table roots of a vCPU; each that is not NoMFN holds a
// reference as an L4. Under the lock.
type roots struct{ kernel, user frame.MFN }

// Config is what a domain's memory is made with.
type Config struct {
	Owner     pagetype.Owner
	VCPUs     int                          // at most pagetype.MaxTLBs
	IO        []frame.Range                // frames that are not RAM and that it may always map
	SafeAbove frame.MAddr                  // no memory or device has an address from here up
	Slots     [pagetype.Slots]pagetype.PTE // what slots 256 to 271 of its roots hold
}

// Init makes the memory of a domain that has no frames yet.
func (d *Domain) Init(f *pagetype.Frames, c *Config) {
	d.lock.Init(lock.PageTables)
	d.frames = f
	d.space.Init(c.Owner, min(c.VCPUs, pagetype.MaxTLBs))
	d.space.IO, d.space.SafeAbove, d.space.Slots = c.IO, c.SafeAbove, c.Slots
	for i := range d.roots {
		d.roots[i] = roots{frame.NoMFN, frame.NoMFN}
	}
	d.dying, d.sweep = false, 0
}

// Flushed notes that all translations of a vCPU were dropped by a flush that
// began at t, a time from Frames.Tick. Without the lock.
func (d *Domain) Flushed(vcpu int, t uint64) { d.space.Flushed(vcpu, t) }

// MapsDevices tells whether the domain may map all devices' frames, as the privileged one does.
func (d *Domain) MapsDevices() bool { return len(d.space.IO) != 0 }

// Roots are what the vCPU's CR3 is to hold in its kernel and its user mode, or NoMFN.
// Only the CPU that runs the vCPU asks, and only it changes them.
func (d *Domain) Roots(vcpu int) (kernel, user frame.MFN) {
	r := &d.roots[vcpu]
	return r.kernel, r.user
}

// RootsAt is where Roots are, for whoever asks often.
func (d *Domain) RootsAt(vcpu int) (kernel, user *frame.MFN) {
	r := &d.roots[vcpu]
	return &r.kernel, &r.user
}
