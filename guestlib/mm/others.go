package mm

import (
	"tuco/guestlib/hypercalls"
	"tuco/hypercall"
)

// MostOthers is how many frames of another domain are mapped, or unmapped, while others wait for the address space.
const MostOthers = 128

// others is the updates of one MapOthers. Under the lock.
var others [MostOthers]hypercall.MMUUpdate

// MapOthers maps frames of another domain, side by side, in an area without access; at most MostOthers. What was mapped there is
// not any more. Those of the hypervisor, DOMID_XEN, can be read only. When a frame is refused those before it are mapped. The errors are Prepare's and the hypervisor's: EPERM and ESRCH for the
// domain, EBUSY or EINVAL for a frame that is not its, or that is one of its page tables.
func MapOthers(va uint64, frames []uint64, owner hypercall.DomID) (err hypercall.Errno) {
	rights := uint64(readWrite | noExec)
	if owner == hypercall.DOMID_XEN {
		rights = readOnly | noExec
	}
	lock.Lock()
	n := 0
	for n < len(frames) && n < MostOthers && err == 0 {
		if err = prepare(va + uint64(n)*PageSize); err == 0 {
			n = listOthers(va, frames, n, rights)
		}
	}
	wait() // what MapLater was asked for here comes before
	if n > 0 && err == 0 {
		_, err = hypercalls.MMUUpdateFrom(others[:n], owner)
		flush()
	}
	lock.Unlock()
	return err
}

// listOthers lists the entries for the pages from n on, as far as the table reaches that page n has. It returns the next.
func listOthers(va uint64, frames []uint64, n int, rights uint64) int {
	va += uint64(n) * PageSize
	l1, _ := table(va, 1)
	for l1 = Machine(l1); n < len(frames) && n < MostOthers; n++ {
		others[n] = hypercall.MMUUpdate{Ptr: l1 + 8*index(va, 1), Val: frames[n]*PageSize&frameMask | rights}
		if va += PageSize; va%tableSpan == 0 {
			return n + 1
		}
	}
	return n
}

// UnmapOthers takes away what is mapped in some pages of an area without access, on all vCPUs. EFAULT: they are not in one.
func UnmapOthers(va, n uint64) hypercall.Errno {
	lock.Lock()
	err := hypercall.EFAULT
	if a := areaOf(va); a != nil && a.prot == None && va%PageSize == 0 && n <= (a.end-va)/PageSize {
		err = 0
		wait()
		for end := va + n*PageSize; va < end; va += PageSize {
			if l1, level := table(va, 1); level == 1 && *hypercalls.At[uint64](l1 + 8*index(va, 1)) != 0 {
				queue.Add(Machine(l1+8*index(va, 1)), 0)
			}
		}
		forget()
	}
	lock.Unlock()
	return err
}
