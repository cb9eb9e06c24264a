package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/guestmem"
	"tuco/kernel/mm"
	"tuco/kernel/pagetype"
)

// fail is the result of a call that fails.
func fail(e hypercall.Errno) int64 { return -int64(e) }

// get copies a structure from the calling guest, once.
func get[T any](v *domain.VCPU, to *T, from hypercall.Handle[byte]) bool {
	return guestmem.Get(&v.KernelMemory, to, frame.VAddr(from))
}

// put copies a structure to the calling guest.
func put[T any](v *domain.VCPU, to hypercall.Handle[byte], from *T) bool {
	return guestmem.Put(&v.KernelMemory, frame.VAddr(to), from)
}

// getAll copies the elements of an array from the calling guest, once.
func getAll[T any](v *domain.VCPU, to []T, from hypercall.Handle[T]) bool {
	for len(to) > 0 {
		n := guestmem.Some(&v.KernelMemory, to, frame.VAddr(from))
		if n == 0 {
			return false
		}
		to, from = to[n:], from.At(uint64(n))
	}
	return true
}

// putAll copies an array to the calling guest.
func putAll[T any](v *domain.VCPU, to hypercall.Handle[T], from []T) bool {
	return guestmem.PutAll(&v.KernelMemory, frame.VAddr(to), from)
}

// errno is what a guest is told of a result of the page tables' core: see mm.Errno.
func errno(r pagetype.Result) hypercall.Errno { return mm.Errno(r) }
