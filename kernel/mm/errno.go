package mm

import (
	"tuco/hypercall"
	"tuco/kernel/pagetype"
)

// Errno is what a guest is told of a result.
//
//	EBUSY   an L1 entry is for a frame of the wrong owner, or for writing to a table
//	EPERM   an L1 entry is for what is not RAM, and not for this domain
//	ENOMEM  a count would overflow
//	ENOSYS  there is no such command
//	EINVAL  all else
func Errno(r pagetype.Result) hypercall.Errno {
	switch r {
	case pagetype.OK:
		return 0
	case pagetype.NoMapping:
		return hypercall.EBUSY
	case pagetype.NoDevice:
		return hypercall.EPERM
	case pagetype.Overflow:
		return hypercall.ENOMEM
	case pagetype.NoCommand:
		return hypercall.ENOSYS
	}
	return hypercall.EINVAL
}
