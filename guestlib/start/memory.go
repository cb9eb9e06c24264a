package start

import (
	"tuco/guestlib/mm"
	"tuco/guestlib/sched"
	"tuco/hypercall"
)

// Linux' flags of mmap and advice of madvise.
const (
	protRead, protWrite                     = 1, 2
	mapFixed, mapAnonymous, mapNoReserve    = 0x10, 0x20, 0x4000
	adviceDontNeed, adviceFree              = 4, 8
	adviceHugePages, adviceNoHugePages      = 14, 15
	adviceNoDump, adviceDump                = 16, 17
	lastOfOldAdvice                         = 3 // how it will be read
	advicePopulateRead, advicePopulateWrite = 22, 23
)

func mmap(va, size, prot, flags uint64) uint64 {
	if flags&mapAnonymous == 0 {
		return failed(ebadf)
	}
	p := protection(prot)
	// Only what can be written to takes memory in the end. Linux counts alike.
	if p == mm.ReadWrite && flags&mapNoReserve == 0 && !mm.Affordable(size) {
		return failed(enomem)
	}
	va, ok := mm.Map(va, size, p, flags&mapFixed != 0)
	if !ok {
		return failed(enomem)
	}
	return va
}

// protection is Linux' in the library's terms. Nothing can be executed.
func protection(prot uint64) mm.Prot {
	switch {
	case prot&protWrite != 0:
		return mm.ReadWrite
	case prot&protRead != 0:
		return mm.Read
	}
	return mm.None
}

func mprotect(va, size, prot uint64) uint64 {
	if va%mm.PageSize != 0 {
		return failed(einval)
	}
	return inPieces(va, size, func(va, size uint64) bool { return mm.Protect(va, size, protection(prot)) })
}

func munmap(va, size uint64) uint64 {
	if va%mm.PageSize != 0 || size == 0 {
		return failed(einval)
	}
	return inPieces(va, size, mm.Unmap)
}

// piece is how much of an address space is changed while others wait for it, and for the vCPU.
const piece = 64 << 20

// inPieces does something for a range, a piece at a time.
func inPieces(va, size uint64, do func(va, size uint64) bool) uint64 {
	for {
		n := min(size, piece)
		if !do(va, n) {
			return failed(enomem)
		}
		if size -= n; size == 0 {
			return 0
		}
		va += n
		sched.Interrupt()
	}
}

// mincore tells of each page whether it is mapped.
func mincore(va, size, to uint64) uint64 {
	if va%mm.PageSize != 0 {
		return failed(einval)
	}
	for page := uint64(0); page < size; page += mm.PageSize {
		there := at[byte](to + page/mm.PageSize)
		*there = 0
		if _, ok := mm.FrameOf(va + page); ok {
			*there = 1
		}
	}
	return 0
}

// adviceStack is the advice of the port's own, tools/goport's: these pages will be a stack. They need not be cleared.
const adviceStack = 0x7475

// madvise takes pages away or maps them. Advice about huge pages is taken and not followed: there are none.
func madvise(va, size, advice uint64) uint64 {
	if va%mm.PageSize != 0 {
		return failed(einval)
	}
	size = (size + mm.PageSize - 1) &^ (mm.PageSize - 1)
	switch advice {
	case adviceDontNeed, adviceFree:
		return inPieces(va, size, func(va, size uint64) bool { mm.Discard(va, size); return true })
	case advicePopulateRead, advicePopulateWrite:
		return inPieces(va, size, func(va, size uint64) bool { return mm.Populate(va, va+size, true) })
	case adviceStack:
		if !mm.Populate(va, va+size, false) {
			mm.Exhausted(va) // the hypervisor could not push a frame onto it
		}
	case adviceHugePages, adviceNoHugePages, adviceNoDump, adviceDump:
	default:
		if advice > lastOfOldAdvice {
			return failed(einval)
		}
	}
	return 0
}

// frameOf is the machine frame behind an address.
func frameOf(va uint64) uint64 {
	mfn, ok := mm.FrameOf(va)
	if !ok {
		return failed(efault)
	}
	return mfn
}

// mapOthers maps frames of another domain, some at a time. They are copied before anything is locked: to look at them may be a fault.
func mapOthers(va, list, n uint64, owner hypercall.DomID) uint64 {
	var some [mm.MostOthers]uint64
	for n > 0 {
		part := some[:min(n, mm.MostOthers)]
		for i := range part {
			part[i] = *at[uint64](list + 8*uint64(i))
		}
		if err := mm.MapOthers(va, part, owner); err != 0 {
			return -uint64(err)
		}
		done := uint64(len(part))
		va, list, n = va+done*mm.PageSize, list+8*done, n-done
		sched.Interrupt()
	}
	return 0
}

// unmapAll takes away what is mapped in a range of an area without access.
func unmapAll(va, n uint64) uint64 {
	for n > 0 {
		part := min(n, mm.MostOthers)
		if err := mm.UnmapOthers(va, part); err != 0 {
			return -uint64(err)
		}
		va, n = va+part*mm.PageSize, n-part
		sched.Interrupt()
	}
	return 0
}
