package mm

import (
	"tuco/guestlib/hypercalls"
	"tuco/hypercall"
)

// Areas without access are room for frames that are not the domain's own: the hypervisor's, and those that other domains
// grant. They are no pages of the domain's, so whoever maps one takes it away again before the area ends.

// FrameOf is the machine frame behind an address, or not ok if nothing is mapped there.
func FrameOf(va uint64) (mfn uint64, ok bool) {
	lock.Lock()
	e := entryOf(va)
	lock.Unlock()
	return e & frameMask / PageSize, e&present != 0
}

// Prepare sees to the tables above a page in an area without access, so that the hypervisor can map something there. They stay
// until it has, or until UnmapForeign. EFAULT: it is not in one; ENOMEM: no page is left for a table.
func Prepare(va uint64) hypercall.Errno {
	lock.Lock()
	err := prepare(va)
	if err == 0 && entryOf(va) == 0 {
		l1, _ := table(va, 1)
		queue.Add(Machine(l1+8*index(va, 1)), prepared)
		wait()
	}
	lock.Unlock()
	return err
}

func prepare(va uint64) hypercall.Errno {
	if a := areaOf(va); a == nil || a.prot != None || va%PageSize != 0 {
		return hypercall.EFAULT
	}
	if _, level := table(va, 1); level == 1 {
		return 0
	}
	_, ok := ensure(va)
	wait()
	if !ok {
		return hypercall.ENOMEM
	}
	return 0
}

// MapForeign maps a machine frame in an area without access. The errors are Prepare's and the hypervisor's.
func MapForeign(va, mfn uint64) hypercall.Errno { return mapFrame(va, mfn, 0) }

// MapDevice maps a frame of a device's as MapForeign does, so that each access reaches the device.
func MapDevice(va, mfn uint64) hypercall.Errno { return mapFrame(va, mfn, uncached) }

func mapFrame(va, mfn, cached uint64) hypercall.Errno {
	lock.Lock()
	err := prepare(va)
	wait() // what MapLater was asked for here comes before
	if err == 0 {
		err = hypercalls.UpdateVAMapping(va, mfn*PageSize&frameMask|readWrite|noExec|cached, hypercall.UVMF_INVLPG|hypercall.UVMF_ALL)
	}
	lock.Unlock()
	return err
}

// UnmapForeign takes a foreign frame's mapping away, on all vCPUs, also one that MapLater was asked for. EFAULT: the page is not in an area without access.
func UnmapForeign(va uint64) hypercall.Errno {
	lock.Lock()
	err := hypercall.EFAULT
	if a := areaOf(va); a != nil && a.prot == None && va%PageSize == 0 {
		err = 0
		wait()
		if entryOf(va) != 0 {
			err = hypercalls.UpdateVAMapping(va, 0, hypercall.UVMF_INVLPG|hypercall.UVMF_ALL)
		}
	}
	lock.Unlock()
	return err
}

// PageOf is the number of the page that has a machine frame of the domain's, and FrameOfPage the other way round.
func PageOf(mfn uint64) uint64 { return uint64(pageOf(mfn * PageSize)) }

// FrameOfPage is the machine frame of a page.
func FrameOfPage(p uint64) uint64 { return machineOf(pfn(p)) / PageSize }

// List is the address of the list of machine frames.
func List() uint64 { return p2m }
