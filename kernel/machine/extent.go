package machine

import (
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/lock"
	"tuco/kernel/mm"
	"tuco/kernel/pagetype"
	"tuco/kernel/pmm"
)

// An extent is 2^order frames side by side, each of which is freed by itself.

// NewExtent takes an extent of zeroed frames, with addresses of so many bits
// at the most; 0 is no bound. They are nobody's yet. No lock is held. It may
// fail though there is such memory: between the zones of package pmm a bound is tried
// on the first block that is free.
func NewExtent(h *lock.Holder, order uint, bits uint8) (m frame.MFN, ok bool) {
	limit, zone := frame.NoMFN, pmm.Anywhere
	if bits != 0 && bits < 64 {
		limit = frame.MFN(1<<bits) >> frame.PageShift
		if bits <= 32 {
			zone = pmm.Below4G
		}
	}
	for ; ; zone-- {
		m, r := RAM.Alloc(h, order, zone)
		if r != pmm.OK {
			return 0, false
		}
		if m+1<<order <= limit {
			if order != 0 {
				mustRAM(RAM.Split(h, m, order, 0))
			}
			return m, true
		}
		mustRAM(RAM.Free(h, m, order))
		if zone == 0 {
			return 0, false
		}
	}
}

// FreeFrame frees a frame that is nobody's.
func FreeFrame(h *lock.Holder, m frame.MFN) {
	M2P[m] = NotMapped
	mustRAM(RAM.Free(h, m, 0))
}

// FreeExtent frees an extent that is nobody's.
func FreeExtent(h *lock.Holder, m frame.MFN, order uint) {
	for k := range frame.MFN(1) << order {
		FreeFrame(h, m+k)
	}
}

// Reserve counts n frames more as the domain's; false if it may not have so many.
func Reserve(d *domain.Domain, n int64) bool {
	for {
		have := d.Pages.Load()
		if have+n > d.MaxPages.Load() {
			return false
		}
		if d.Pages.CompareAndSwap(have, have+n) {
			return true
		}
	}
}

// GiveFrames is Give for single frames, for which the domain is counted already too.
func GiveFrames(h *lock.Holder, d *domain.Domain, list []frame.MFN) bool {
	for {
		var c mm.Call
		Begin(h, d, &c)
		r := d.Memory.GiveFrames(&c, list)
		if r != pagetype.FlushFirst {
			return r == pagetype.OK
		}
		Satisfy(h, d, c.Need)
	}
}

// Give makes n frames that are nobody's the domain's, for which they are counted
// already. False if the domain has come to its end. No lock is held.
func Give(h *lock.Holder, d *domain.Domain, m frame.MFN, n uint64) bool {
	for {
		var c mm.Call
		Begin(h, d, &c)
		r := d.Memory.Give(&c, m, n)
		if r != pagetype.FlushFirst {
			return r == pagetype.OK
		}
		Satisfy(h, d, c.Need)
	}
}
