package evtchn

import (
	"sync/atomic"

	"tuco/hypercall"
	"tuco/kernel/lock"
	"tuco/kernel/sharedinfo"
)

// MaxVCPUs is how many vCPUs a domain can have: masks of them are one word.
const MaxVCPUs = 64

// VCPU is what event channels know of a vCPU.
type VCPU struct {
	id uint32

	// info is the vCPU's vcpu_info: at first the one in the shared page, if it has
	// one, and later the one that the guest has registered. which selects it; its
	// store publishes info[1].
	info  [2]*sharedinfo.VCPU
	which atomic.Uint32

	// virqs has the port that each VIRQ is bound to, or 0. A global one is in the
	// table of vCPU 0, whichever vCPU its port notifies. Written under the
	// domain's lock, read without.
	virqs [hypercall.NR_VIRQS]atomic.Uint32

	// pollPort is the only port that ends the vCPU's poll; 0 if any does.
	pollPort atomic.Uint32
}

// Info is the vCPU's vcpu_info. It is nil for a vCPU that has no place in the
// shared page and has not registered one.
func (v *VCPU) Info() *sharedinfo.VCPU {
	return v.info[v.which.Load()] // acquire: info[1] was stored before
}

// AddVCPU makes v, all zero, the domain's next vCPU. False if there are MaxVCPUs
// of them.
func (d *Domain) AddVCPU(h *lock.Holder, v *VCPU) bool {
	d.lock.Lock(h)
	added := d.addVCPU(v)
	d.lock.Unlock(h)
	return added
}

func (d *Domain) addVCPU(v *VCPU) bool {
	id := d.vcpuCount.Load()
	if id == MaxVCPUs {
		return false
	}
	v.id = id
	if id < hypercall.XEN_LEGACY_MAX_VCPUS {
		v.info[0] = &d.Page.VCPU[id]
	}
	d.vcpus[id] = v
	d.vcpuCount.Store(id + 1) // release: publishes the vCPU
	return true
}

// vcpu finds a vCPU; nil if there is none of this number.
func (d *Domain) vcpu(id uint32) *VCPU {
	if id >= d.vcpuCount.Load() { // acquire: pairs with the store in addVCPU
		return nil
	}
	return d.vcpus[id]
}

// MoveInfo moves a vCPU's vcpu_info to where the guest has registered it. The
// caller has checked the place and keeps it mapped for as long as the domain
// exists. The vCPU is the caller's own, or is not running.
//
// ENOENT: no such vCPU. EINVAL: it was moved before; it may be moved once.
func (d *Domain) MoveInfo(h *lock.Holder, vcpu uint32, to *sharedinfo.VCPU) (Effect, hypercall.Errno) {
	v := d.vcpu(vcpu)
	if v == nil {
		return Effect{}, hypercall.ENOENT
	}
	d.lock.Lock(h)
	if v.which.Load() != 0 {
		d.lock.Unlock(h)
		return Effect{}, hypercall.EINVAL
	}
	if from := v.info[0]; from != nil {
		to.CopyFrom(from)
	} else {
		to.Reset()
	}
	v.info[1] = to
	v.which.Store(1) // release: publishes info[1]
	d.lock.Unlock(h)

	// Whoever still saw the old place has set the port's pending bit before, and
	// its selector bit there. So the guest is made to look at every word.
	to.Selector.Store(^uint64(0))
	if to.RaiseUpcall() {
		return Effect{Domain: d, Upcall: 1 << vcpu}, 0
	}
	return Effect{}, 0
}
