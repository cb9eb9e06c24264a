package machine

import (
	"math/bits"

	"tuco/kernel/container"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/lock"
	"tuco/kernel/pagetype"
	"tuco/kernel/shootdown"
)

// FlushVCPUs drops all translations of some of a domain's vCPUs, a bit each, and
// returns when no processor can use them any more. No lock is held.
func FlushVCPUs(h *lock.Holder, d *domain.Domain, mask uint64) {
	vcpus := d.VCPUs()
	mask &= 1<<len(vcpus) - 1
	h.Flushes++
	t := Types.Tick()
	where := uint64(0)
	for left := mask; left != 0; left &= left - 1 {
		v := vcpus[bits.TrailingZeros64(left)]
		v.Want(domain.WantFlush) // a locked operation: before we look where it is
		if v.Entity.OnCPU() {
			where |= 1 << v.Entity.Home()
		}
	}
	if where &^= 1 << h.CPU; where != 0 {
		shootdown.Flush(h, where, shootdown.Nothing)
	}
	for left := mask; left != 0; left &= left - 1 {
		d.Memory.Flushed(bits.TrailingZeros64(left), t)
	}
}

// FlushSelf drops all translations of a vCPU that is loaded here, or is nowhere.
func FlushSelf(v *domain.VCPU) {
	t := Types.Tick()
	if v.CPU != nil {
		v.Holder().Flushes++
		v.Container.Flush()
	} else {
		v.Want(domain.WantFlush)
	}
	v.Domain.Memory.Flushed(int(v.ID), t)
}

// FlushEveryone drops all guests' translations on all CPUs. No lock is held.
func FlushEveryone(h *lock.Holder) {
	h.Flushes++
	t := Types.Tick()
	shootdown.Flush(h, shootdown.Everyone, shootdown.Guests)
	Types.FlushedEveryone(t)
}

// Satisfy does the flushes that an operation on page tables needs.
func Satisfy(h *lock.Holder, d *domain.Domain, need pagetype.Need) {
	if need.Everyone {
		FlushEveryone(h)
		return
	}
	FlushVCPUs(h, d, need.TLBs)
}

// FlushCPU is the part of a flush that a CPU does for itself; it is
// shootdown's.
func FlushCPU(cpu int, r shootdown.Request) {
	switch r {
	case shootdown.Nothing:
	case shootdown.Guests:
		container.FlushGuests(cpu)
	case shootdown.All:
		container.FlushGuests(cpu)
		shootdown.FlushHost(r)
	default:
		shootdown.FlushHost(r)
	}
}

// Scrub zeroes frames that are handed out anew, when no guest's translation
// leads to one any more. No lock is held.
func Scrub(h *lock.Holder, m frame.MFN, n uint64, zero func(frame.MFN, uint64)) {
	for i := range n {
		if Types.DueEveryone(m + frame.MFN(i)) {
			FlushEveryone(h)
			break
		}
	}
	zero(m, n)
}
