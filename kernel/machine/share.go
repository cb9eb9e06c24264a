package machine

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/lock"
	"tuco/kernel/mm"
	"tuco/kernel/pagetype"
)

// Share makes a frame of the hypervisor's one that a domain may map, too: the
// domain's, but with a reference of ours, as writable, for as long as the domain
// exists. So it is never freed under us, whatever the domain does with it, and
// never becomes a page table.
func Share(h *lock.Holder, d *domain.Domain, m frame.MFN) bool {
	if !Give(h, d, m, 1) {
		return false
	}
	d.Pages.Add(1)
	d.MaxPages.Add(1)
	d.Shares.Add(1)
	var c mm.Call
	Begin(h, d, &c)
	// A frame that was never anything needs no flush to become writable.
	return c.GetWritable(m, pagetype.Owner(d.ID)) == pagetype.OK
}

// Unshare gives that reference back, when the domain is taken apart.
func Unshare(h *lock.Holder, d *domain.Domain, m frame.MFN) {
	d.Shares.Add(-1)
	PutWritable(h, d, m)
}

// ShareReadOnly lets privileged domains map frames of the hypervisor's, as DOMID_XEN's, and read them.
func ShareReadOnly(first frame.MFN, frames uint64) {
	for k := range frame.MFN(frames) {
		Types.AssignReadOnly(first+k, pagetype.Owner(hypercall.DOMID_XEN))
	}
}

// PutWritable gives back a reference of ours to a frame as writable.
func PutWritable(h *lock.Holder, d *domain.Domain, m frame.MFN) {
	var c mm.Call
	Begin(h, d, &c)
	c.PutWritable(m)
	FreeFrames(h, &c)
}
