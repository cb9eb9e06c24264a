package machine

import (
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/layout"
	"tuco/kernel/lock"
	"tuco/kernel/mm"
	"tuco/kernel/pagetype"
)

// requests is where each CPU keeps copies of what it takes from an update ring. What they hold is left over from anybody: only what
// was written in the same step is read.
var requests [layout.MaxCPUs][64]mm.Request

// DrainRing makes what is in a vCPU's update ring, as far as a step's budget goes, for a vCPU of the same domain: itself or another.
// False: there is more, for another step.
func DrainRing(by, of *domain.VCPU) (over bool) {
	h, d := by.Holder(), by.Domain
	var c mm.Call
	Begin(h, d, &c)
	done, r := of.Ring.Drain(&c, &d.Memory, M2P, requests[h.CPU][:])
	if done != 0 {
		by.Lists[domain.ListedRing].Count(uint32(done))
	}
	return !Settle(h, d, &c, r)
}

// OpenRing makes frames the update ring of a vCPU, which is the caller's. A result other than OK has changed nothing; with Again it is
// to be made again.
//
// WrongType: the vCPU has a ring. Else as for a writable mapping.
func OpenRing(v *domain.VCPU, list []frame.MFN) pagetype.Result {
	h, d := v.Holder(), v.Domain
	var c mm.Call
	Begin(h, d, &c)
	r, taken := pagetype.OK, 0
	for taken < len(list) && r == pagetype.OK {
		if r = c.GetWritable(list[taken], pagetype.Owner(d.ID)); r == pagetype.OK {
			taken++
		}
	}
	if r == pagetype.OK && !v.Ring.Open(h, &Types, list) {
		r = pagetype.WrongType
	}
	if r != pagetype.OK {
		for _, m := range list[:taken] {
			c.PutWritable(m)
		}
	}
	if Settle(h, d, &c, r) {
		return pagetype.Again
	}
	return r
}

// CloseRing ends a vCPU's update ring, with what waits in it undone. False: it has none.
func CloseRing(h *lock.Holder, v *domain.VCPU) bool {
	var c mm.Call
	Begin(h, v.Domain, &c)
	open := v.Ring.Close(&c)
	FreeFrames(h, &c)
	return open
}
