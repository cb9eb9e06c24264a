package start

import "tuco/guestlib/mm"

// Linux' flags of mmap and advice of madvise.
const (
	protRead, protWrite                     = 1, 2
	mapFixed, mapAnonymous, mapNoReplace    = 0x10, 0x20, 0x10_0000
	adviceDontNeed, adviceFree              = 4, 8
	advicePopulateRead, advicePopulateWrite = 22, 23
)

func mmap(va, size, prot, flags uint64) uint64 {
	if flags&mapAnonymous == 0 {
		return failed(ebadf)
	}
	va, ok := mm.Map(va, size, protection(prot), flags&mapFixed != 0)
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
	if !mm.Protect(va, size, protection(prot)) {
		return failed(enomem)
	}
	return 0
}

func munmap(va, size uint64) uint64 {
	if va%mm.PageSize != 0 || size == 0 {
		return failed(einval)
	}
	if !mm.Unmap(va, size) {
		return failed(enomem)
	}
	return 0
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

// madvise takes pages away or maps them; other advice, as about huge pages, is not followed.
func madvise(va, size, advice uint64) uint64 {
	if va%mm.PageSize != 0 {
		return failed(einval)
	}
	size = (size + mm.PageSize - 1) &^ (mm.PageSize - 1)
	switch advice {
	case adviceDontNeed, adviceFree:
		mm.Discard(va, size)
	case advicePopulateRead, advicePopulateWrite, adviceStack:
		if !mm.Populate(va, va+size, advice != adviceStack) {
			return failed(enomem)
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
