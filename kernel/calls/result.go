package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/guestmem"
	"tuco/kernel/pv"
)

// fail is the result of a call that fails.
func fail(e hypercall.Errno) int64 { return -int64(e) }

// get copies a structure from the calling guest, once.
func get[T any](v *domain.VCPU, to *T, from hypercall.Handle[byte]) bool {
	memory := pv.KernelView(v)
	return guestmem.Get(&memory, to, frame.VAddr(from))
}

// put copies a structure to the calling guest.
func put[T any](v *domain.VCPU, to hypercall.Handle[byte], from *T) bool {
	memory := pv.KernelView(v)
	return guestmem.Put(&memory, frame.VAddr(to), from)
}
