package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/guestmem"
)

// grantStep is after how many elements of a list a call lets other work have its turn.
const grantStep = 128

// grantWork is how a command's elements are made.
type grantWork[T any] struct {
	// do makes an element. True: it is to be made again when other work has had its turn.
	do func(v *domain.VCPU, op *T) (again bool)
	// finish, if there is one, does what is left of the last grantStretch elements, or
	// of those that there are, when their statuses have been told.
	finish func(v *domain.VCPU)
}

// grantStretch is how many elements are finished at once.
const grantStretch = 32

// makeAgain is the status of an element that is to be made again. No guest sees it.
const makeAgain hypercall.GrantStatus = 1

// grantList makes the elements of a list one after the other. The status of each is
// written before the call counts it as done. Op is where the CPU has room for one.
//
// EFAULT: an element can't be read, or not be written to. Those before are done; and so
// may be one whose status can't be told since the guest took its page away meanwhile.
func grantList[T any](v *domain.VCPU, s *hypercall.GrantTableOpArgs, op *T, work *grantWork[T]) int64 {
	done := v.Progress.Done
	v.Progress.Done = 0
	result := int64(0)
	for stop := done + grantStep; done < s.Count; done++ {
		again, ok := done == stop, true
		if !again {
			again, ok = grantElement(v, hypercall.Handle[T](s.Ops).At(uint64(done)), op, work)
		}
		if !ok {
			result = fail(hypercall.EFAULT)
			break
		}
		if again {
			v.Progress.Done = done
			result = domain.Continue
			break
		}
		if work.finish != nil && done%grantStretch == grantStretch-1 {
			work.finish(v)
		}
	}
	if work.finish != nil {
		work.finish(v)
	}
	return result
}

// grantElement makes an element. False: it can't be read or written.
func grantElement[T any](v *domain.VCPU, at hypercall.Handle[T], op *T, work *grantWork[T]) (again, ok bool) {
	memory := &v.KernelMemory
	h := v.Holder()
	flushes := h.Flushes
	there := guestmem.Direct[T](memory, frame.VAddr(at), 1)
	if len(there) != 0 {
		*op = there[0]
	} else if !takeElement(v, at, op) {
		return false, false
	}
	if work.do(v, op) {
		return true, true
	}
	if len(there) != 0 && h.Flushes == flushes {
		there[0] = *op
		return false, true
	}
	return false, put(v, hypercall.Handle[byte](at), op)
}

// takeElement is for one on two pages. If it can't be written to nobody could be told how it
// fared.
//
//go:noinline
func takeElement[T any](v *domain.VCPU, at hypercall.Handle[T], op *T) bool {
	_, ok := v.KernelMemory.Writable(frame.VAddr(at), uint64(at.At(1)-at))
	return ok && get(v, op, hypercall.Handle[byte](at))
}
