package machine

import (
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/klog"
	"tuco/kernel/lock"
	"tuco/kernel/pmm"
)

// GrowGrants makes a domain's grant table at least so many frames long, at most
// domain.MaxGrantFrames. False: there is no memory, or the domain has ended. No
// lock is held.
func GrowGrants(h *lock.Holder, d *domain.Domain, frames int) bool {
	for {
		n := len(d.Grants.Frames())
		if n >= frames {
			return true
		}
		// With no lock, since a frame that is handed out anew may need a flush first.
		m, r := RAM.Alloc(h, 0, pmm.Anywhere)
		if r != pmm.OK {
			return false
		}
		added, ended := addGrants(h, d, n, m)
		if !added {
			mustRAM(RAM.Free(h, m, 0))
		}
		if ended {
			return false
		}
	}
}

// addGrants makes a table longer by a frame, unless another CPU was faster.
func addGrants(h *lock.Holder, d *domain.Domain, seen int, m frame.MFN) (added, ended bool) {
	d.Lock.Lock(h)
	ended = d.Shutdown.Load() // it may have let go of its table already
	if added = !ended && len(d.Grants.Frames()) == seen; added {
		if !Share(h, d, m) {
			klog.Bug("a frame just allocated can't be shared")
		}
		d.Grants.Add(m)
	}
	d.Lock.Unlock(h)
	return added, ended
}
