package pv

import (
	"sync/atomic"
	"unsafe"

	"tuco/hypercall"
)

// A job is what a vCPU other than the first does for a test.
type job struct {
	run   func()
	state atomic.Uint32 // orders run: whoever sees wanted sees it
}

const (
	idle uint32 = iota
	wanted
	done
)

var jobs [MaxCPUs]job

// firstContext is too large for a stack.
var firstContext hypercall.VCPUGuestContext

// FirstContext is the state in which a vCPU other than the first is to begin: it does the jobs of [Go]. It holds up to the
// next call.
func FirstContext(id uint32) *hypercall.VCPUGuestContext {
	c := &cpus[id]
	info := c.Info
	c.prepare(id)
	c.Info = info
	x := &firstContext
	*x = hypercall.VCPUGuestContext{Flags: hypercall.VGCF_IN_KERNEL}
	x.UserRegs.RIP, x.UserRegs.RSP = enterAt(), c.trapLow
	x.UserRegs.CS, x.UserRegs.SS = hypercall.FLAT_KERNEL_CS, hypercall.FLAT_KERNEL_SS
	x.UserRegs.RFLAGS = FlagIF
	x.UserRegs.RBX, x.UserRegs.R12 = Address(c), uint64(id)
	x.UserRegs.R13 = *(*uint64)(unsafe.Pointer(&secondaryFunc))
	x.KernelSS, x.KernelSP = hypercall.FLAT_KERNEL_SS, c.trapHigh
	x.Ctrlreg[3] = MFN(StartInfo.PTBase) * PageSize
	return x
}

func enterAt() uint64

// secondaryFunc is what enter calls.
var secondaryFunc = secondary

// secondary does jobs, one after the other.
func secondary(id uint64) {
	MaskUpcalls()
	SetTraps()
	j := &jobs[id]
	for {
		if j.state.Load() == wanted {
			j.run()
			j.state.Store(done)
		}
		Sleep(Now() + Millisecond/5)
	}
}

// StartCPUs starts all vCPUs up to a number, but those that run already.
func StartCPUs(n uint32) {
	for id := uint32(1); id < n; id++ {
		if VCPUOp[byte](hypercall.VCPUOP_is_up, id, nil) != 0 {
			continue
		}
		if result := VCPUOp(hypercall.VCPUOP_initialise, id, FirstContext(id)); hypercall.Failed(result) != hypercall.EEXIST {
			Need("initialise", result)
		}
		Need("up", VCPUOp[byte](hypercall.VCPUOP_up, id, nil))
	}
}

// Go has a vCPU other than this one run a function. One at a time: see Await.
func Go(id uint32, run func()) {
	j := &jobs[id]
	j.run = run
	j.state.Store(wanted)
}

// Finished tells whether a vCPU has done its job. It says so once.
func Finished(id uint32) bool { return jobs[id].state.CompareAndSwap(done, idle) }

// Await waits until a vCPU has done its job, and tells whether it did.
func Await(id uint32) bool {
	for until := Now() + 30*Second; Now() < until; SchedOp[byte](hypercall.SCHEDOP_yield, nil) {
		if Finished(id) {
			return true
		}
	}
	return false
}

// Do has a vCPU run a function to its end.
func Do(id uint32, run func()) {
	Go(id, run)
	if !Await(id) {
		panic("a vCPU does not come to the end of its job")
	}
}

// CPUs is how many vCPUs the domain has, up to MaxCPUs.
func CPUs() uint32 {
	for id := uint32(0); id < MaxCPUs; id++ {
		if hypercall.Failed(VCPUOp[byte](hypercall.VCPUOP_is_up, id, nil)) != 0 {
			return id
		}
	}
	return MaxCPUs
}

// InfoOf is what a vCPU shares with the hypervisor.
func InfoOf(id uint32) *hypercall.VCPUInfo { return cpus[id].Info }

// UseInfo says where that is from now on.
func UseInfo(id uint32, info *hypercall.VCPUInfo) { cpus[id].Info = info }
