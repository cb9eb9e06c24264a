package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/guestmem"
	"tuco/kernel/pv"
)

const (
	// grantStretch is how many elements of a list are taken from the guest at once.
	grantStretch = 32
	// grantStep is after how many a call lets other work have its turn.
	grantStep = 128
)

// grantList makes the elements of a list, a stretch at a time: do makes some of a stretch,
// from its start, and returns how many. If it did not make all of them the call is
// continued with the next one. Their statuses are written before the call counts them
// as done.
//
// EFAULT: the list can't be read, or not be written to. Elements before are done; and so
// are some whose statuses can't be told, if the guest takes the list's pages away meanwhile.
func grantList[T any](v *domain.VCPU, ops hypercall.Handle[byte], count uint32, list []T, do func(*domain.VCPU, []T) int) int64 {
	done := v.Progress.Done
	v.Progress.Done = 0
	for stop := done + grantStep; done < count; {
		if done >= stop {
			return continueGrants(v, done)
		}
		at := hypercall.Handle[T](ops).At(uint64(done))
		n := takeGrants(v, at, list[:min(int(count-done), len(list))])
		if n == 0 {
			return fail(hypercall.EFAULT)
		}
		made := do(v, list[:n])
		if !putAll(v, at, list[:made]) {
			return fail(hypercall.EFAULT)
		}
		if done += uint32(made); made < n {
			return continueGrants(v, done)
		}
	}
	return 0
}

func continueGrants(v *domain.VCPU, done uint32) int64 {
	v.Progress.Done = done
	return domain.Continue
}

// takeGrants copies elements from the guest, if they can be written to: how they have
// fared must be told.
func takeGrants[T any](v *domain.VCPU, at hypercall.Handle[T], list []T) int {
	memory := pv.KernelView(v)
	n := guestmem.Some(&memory, list, frame.VAddr(at))
	if n != 0 {
		if _, ok := memory.Writable(frame.VAddr(at), uint64(at.At(uint64(n))-at)); !ok {
			return 0
		}
	}
	return n
}
