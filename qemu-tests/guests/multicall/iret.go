package multicall

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// iret ends a list in user mode: user mode must make no hypercalls, so the rest is not done.
func iret(t *pv.T) {
	for i := range 3 {
		set(i, hypercall.HYPERVISOR_xen_version, hypercall.XENVER_version)
	}
	set(1, hypercall.HYPERVISOR_iret)
	var u pv.User
	u.Start(callKernel)
	pv.OnTrap(pv.Syscall64, leaveUser)
	arrived = false
	trap := pv.Catch(func() { leave(&entries[0], 3, &u.Iret) })
	pv.OnTrap(pv.Syscall64, nil)
	t.Trapped("the way back", trap, pv.UD, 0)
	t.Check(arrived, "user mode was not reached")
	t.Equal("result before iret", entries[0].Result, version())
	t.Equal("result behind iret", entries[2].Result, untouched)
	// The next list is a new one.
	set(0, hypercall.HYPERVISOR_xen_version, hypercall.XENVER_version)
	t.OK("multicall", call(1))
	t.Equal("result", entries[0].Result, version())
}

var arrived bool

// kernelStack is where leave left off.
var kernelStack uint64

// leaveUser goes back to the kernel, to an instruction that traps there.
func leaveUser(f *pv.Frame) {
	arrived = true
	const kernelCS = hypercall.FLAT_KERNEL_CS &^ 3
	f.Iret.RIP, f.Iret.CS, f.Iret.RSP, f.Iret.SS = pv.CodeOf(undefined), kernelCS, kernelStack, hypercall.FLAT_KERNEL_SS
}

// leave makes a multicall with a frame for iret on the stack.
//
//go:noescape
func leave(list *hypercall.MulticallEntry, n uint64, frame *hypercall.IretContext)

// callKernel makes a system call.
func callKernel()

func undefined()
