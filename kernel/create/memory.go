package create

import (
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/layout"
	"tuco/kernel/lock"
	"tuco/kernel/machine"
	"tuco/kernel/pagetype"
	"tuco/kernel/pmm"
)

// pages is a domain's memory while it is built: the machine frame of each of
// its pseudo-physical ones. The list is the hypervisor's and goes back when the
// domain is built.
type pages struct {
	list  []frame.MFN
	at    frame.MFN // where the list is
	order uint
}

// largest is the order of the largest block that is taken at once.
const largest = 9

// take gives a domain so many frames, none of which need lie beside another. At least
// the first of them, as many as zero says, are zero.
//
// Domain 0 finds in the others what the machine had there: it is trusted with all memory, the
// machine's devices being its own. Clearing nearly all that the machine has would be a good part
// of the way to its kernel.
func (p *pages) take(h *lock.Holder, d *domain.Domain, n, zero uint64) bool {
	for uint64(frame.PageSize)<<p.order < n*8 {
		p.order++
	}
	at, r := machine.RAM.Alloc(h, p.order, pmm.Anywhere)
	if r != pmm.OK {
		return false
	}
	p.at = at
	p.list = frameList(layout.Bytes(at.Addr(), n*8), n)
	for done := uint64(0); done < n; {
		order := uint(largest)
		for 1<<order > n-done {
			order--
		}
		raw := d.Privileged && done >= zero
		m, r := block(h, order, raw)
		for ; r == pmm.NoMemory && order > 0; m, r = block(h, order, raw) {
			order--
		}
		if r != pmm.OK || machine.RAM.Split(h, m, order, 0) != pmm.OK {
			return false
		}
		for k := range frame.MFN(1) << order {
			machine.Types.Assign(m+k, pagetype.Owner(d.ID))
			machine.M2P[m+k] = done + uint64(k)
			p.list[done+uint64(k)] = m + k
		}
		done += 1 << order
		d.Pages.Add(1 << order)
	}
	return true
}

// block takes a block of frames, zeroed or as it is.
func block(h *lock.Holder, order uint, raw bool) (frame.MFN, pmm.Result) {
	if !raw {
		return machine.RAM.Alloc(h, order, pmm.Anywhere)
	}
	m, r := machine.RAM.AllocRaw(h, order, pmm.Anywhere)
	if r == pmm.OK {
		machine.Scrub(h, m, 1<<order, keep) // for the flush that may be due
	}
	return m, r
}

func keep(frame.MFN, uint64) {}

// free gives the list back.
func (p *pages) free(h *lock.Holder) { machine.RAM.Free(h, p.at, p.order) }
