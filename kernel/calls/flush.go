package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/guestmem"
	"tuco/kernel/machine"
)

// vcpuMask reads a bitmap of the caller's vCPUs: as many words as its domain has
// vCPUs for, which is one.
func vcpuMask(v *domain.VCPU, at hypercall.Handle[uint64]) (mask uint64, ok bool) {
	ok = get(v, &mask, hypercall.Handle[byte](at))
	return mask, ok
}

// The bitmap has one word.
const _ = uint(64 - domain.MaxVCPUs)

// flush drops all translations of some of the domain's vCPUs, a bit each.
func flush(v *domain.VCPU, who uint64) {
	if who == 1<<v.ID {
		machine.FlushSelf(v)
		return
	}
	machine.FlushVCPUs(v.Holder(), v.Domain, who)
}

// flushPage drops the translations of a page. Other vCPUs lose all that they have,
// for which they need no telling of the page.
func flushPage(v *domain.VCPU, who uint64, at frame.VAddr) {
	self := uint64(1) << v.ID
	if !guestmem.Usable(at) {
		return
	}
	if who&self != 0 {
		v.FlushPage(at)
	}
	if who &^= self; who != 0 {
		machine.FlushVCPUs(v.Holder(), v.Domain, who)
	}
}
