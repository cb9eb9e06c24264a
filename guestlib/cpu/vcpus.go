package cpu

import (
	"tuco/guestlib/console"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/mm"
	"tuco/hypercall"
)

// Max is how many vCPUs the library can use.
const Max = hypercall.XEN_LEGACY_MAX_VCPUS

// Count is how many vCPUs the domain has, of those that the library can use.
func Count() uint32 {
	for id := range uint32(Max) {
		if hypercalls.VCPUOp[byte](hypercall.VCPUOP_is_up, id, nil) != 0 {
			return id
		}
	}
	return Max
}

// flags is what RFLAGS begin as.
var flags uint64

// AllowPorts lets the program use I/O ports, here and on the vCPUs that are started from now on. Which ones the hypervisor gives
// the domain is another matter: others fault.
func AllowPorts() {
	const kernel = 1 // the I/O privilege level: the guest's kernel, which is all of the program
	level := hypercall.PhysdevSetIOPL{IOPL: kernel}
	if hypercalls.PhysdevOp(hypercall.PHYSDEVOP_set_iopl, &level) == 0 {
		flags = kernel << 12
	}
}

// initial is the state that a vCPU begins with. It is too large for a stack; one vCPU is started at a time.
var initial hypercall.VCPUGuestContext

// Start lets a vCPU that has never run begin, on a thread's stack, in Handlers.Begin.
func Start(id uint32, t *Context) hypercall.Errno {
	c := create(id)
	c.run(t)
	t.own[0] = hypercalls.Address(&t.g)
	t.FS = t.OwnFS()
	_, began := entries()
	initial.Flags = hypercall.VGCF_in_kernel
	r := &initial.UserRegs
	r.RIP, r.RSP, r.RFLAGS = began, t.stackTop, flags
	r.CS, r.SS = hypercall.FLAT_KERNEL_CS, hypercall.FLAT_KERNEL_SS
	initial.KernelSS, initial.KernelSP = hypercall.FLAT_KERNEL_SS, t.stackTop
	initial.Ctrlreg[3] = mm.Root()
	initial.FSBase, initial.GSBaseKernel = t.FS, c.self
	if err := hypercalls.VCPUOp(hypercall.VCPUOP_initialise, id, &initial); err != 0 {
		return err
	}
	return hypercalls.VCPUOp[byte](hypercall.VCPUOP_up, id, nil)
}

// SetUp is what a vCPU that was started does first: it takes faults and events as the first one does. A thread may move
// between vCPUs with its registers' state, so that has to be the same on all.
func SetUp() {
	c := This()
	c.setUp()
	if c.extended != first.extended || c.stateSize != first.stateSize {
		console.Fatal("the vCPUs' extended states differ")
	}
}
