package machine

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/grant"
	"tuco/kernel/klog"
	"tuco/kernel/lock"
	"tuco/kernel/mm"
	"tuco/kernel/pmm"
)

// GrowGrants makes a domain's grant table at least so many frames long, at most
// grant.MaxFrames. False: there is no memory, or the domain has ended. No
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
		uses, r := RAM.Alloc(h, usesOrder, pmm.Anywhere)
		if r != pmm.OK {
			mustRAM(RAM.Free(h, m, 0))
			return false
		}
		added, ended := addGrants(h, d, n, m, uses)
		if !added {
			mustRAM(RAM.Free(h, m, 0))
			mustRAM(RAM.Free(h, uses, usesOrder))
		}
		if ended {
			return false
		}
	}
}

// addGrants makes a table longer by a frame, unless another CPU was faster.
func addGrants(h *lock.Holder, d *domain.Domain, seen int, m, uses frame.MFN) (added, ended bool) {
	d.Lock.Lock(h)
	ended = d.Shutdown.Load() // it may have let go of its table already
	if added = !ended && len(d.Grants.Frames()) == seen; added {
		if !Share(h, d, m) {
			klog.Bug("a frame just allocated can't be shared")
		}
		d.Grants.Add(m, entriesAt(m), usesAt(uses))
	}
	d.Lock.Unlock(h)
	return added, ended
}

// GrowMappings makes room for more grants that a domain maps. False: there is no
// memory, or it has as many handles as it may. No lock is held.
func GrowMappings(h *lock.Holder, d *domain.Domain) bool {
	m, r := RAM.Alloc(h, 0, pmm.Anywhere)
	if r != pmm.OK {
		return false
	}
	added := d.Mappings.Add(h, mappingsAt(m))
	if !added {
		mustRAM(RAM.Free(h, m, 0))
	}
	return added
}

// FreeGrants gives back the hypervisor's own records of a domain's grants and mappings,
// of which there are none any more.
func FreeGrants(h *lock.Holder, d *domain.Domain) {
	for _, p := range d.Grants.Uses() {
		mustRAM(RAM.Free(h, frameOf(p), usesOrder))
	}
	for _, p := range d.Mappings.Pages() {
		mustRAM(RAM.Free(h, frameOf(p), 0))
	}
}

// EndMappings ends what of a page of handles a domain has still mapped, whose vCPUs are
// gone and whose page tables too.
func EndMappings(h *lock.Holder, d *domain.Domain, page int) {
	var c mm.Call
	Begin(h, d, &c)
	for n := range grant.PerPage {
		handle := hypercall.GrantHandle(page*grant.PerPage + n)
		var m grant.Mapping
		if d.Mappings.Take(handle, &m) == grant.TakenIt {
			EndGrant(h, &c, &m, m.Parts())
			d.Mappings.Leave(h, handle, m.Parts())
		}
	}
	FreeFrames(h, &c)
}

// EndGrant gives back what parts of a mapping hold, which is taken. Whoever had a
// translation of it has been flushed.
func EndGrant(h *lock.Holder, c *mm.Call, m *grant.Mapping, ended grant.Parts) {
	if ended&grant.Device != 0 && m.Write() {
		c.PutWritable(m.Frame())
	}
	if ended == m.Parts() {
		Owner(domain.ID(m.Dom())).Grants.Unpin(h, &c.Work, m.Ref, m.Write()) // which is there: it has the frame
	}
}
