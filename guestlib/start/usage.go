package start

import (
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/mm"
	"tuco/guestlib/sched"
	"tuco/hypercall"
)

// rusage is Linux' struct of that name, as far as there is something to tell.
type rusage struct {
	user, _       struct{ sec, usec uint64 } // the other is the system's: all counts as the program's
	mostKilobytes uint64                     // of memory in use; here, now
	_             [13]uint64
}

// getrusage tells how long the domain's vCPUs have run, and how much memory is taken. EINVAL: about children, of which there
// are none.
func getrusage(who, to uint64) uint64 {
	const microsecond, kilobyte = 1000, 1024
	if who != 0 {
		return failed(einval)
	}
	u := at[rusage](to)
	*u = rusage{}
	ran := running()
	u.user.sec, u.user.usec = ran/second, ran%second/microsecond
	u.mostKilobytes = (mm.Pages() - mm.Free()) * mm.PageSize / kilobyte
	return 0
}

// running is how many nanoseconds the vCPUs have run.
func running() (total uint64) {
	_, up := sched.VCPUs()
	for vcpu := range up {
		var info hypercall.VCPURunstateInfo
		if hypercalls.VCPUOp(hypercall.VCPUOP_get_runstate_info, vcpu, &info) == 0 {
			total += info.Time[hypercall.RUNSTATE_running]
		}
	}
	return total
}
