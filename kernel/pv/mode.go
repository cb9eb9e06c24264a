package pv

import (
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/guestmem"
	"tuco/kernel/machine"
)

// view is the guest's address space in the mode that it is in.
func view(v *domain.VCPU) *guestmem.View {
	if v.PV.Stub.Kernel {
		return &v.KernelMemory
	}
	return &v.UserMemory
}

// setMode changes between guest kernel and guest user.
func setMode(v *domain.VCPU, kernel bool) {
	switch {
	case v.PV.Stub.Kernel == kernel:
	case kernel:
		toKernel(v)
	default:
		toUser(v)
	}
}

// toKernel changes from guest user to guest kernel.
//
//go:noinline
func toKernel(v *domain.VCPU) {
	s := v.PV.Stub
	s.Kernel, s.TSS.IOBase = true, s.IOKernel
	changeSpace(v, v.KernelMemory.Root, exit.KernelSpace)
}

// toUser changes from guest kernel to guest user.
//
//go:noinline
func toUser(v *domain.VCPU) {
	s := v.PV.Stub
	s.Kernel, s.TSS.IOBase = false, s.IOUser
	changeSpace(v, v.UserMemory.Root, exit.UserSpace)
}

// changeSpace is EnterMode for a vCPU whose mode has changed just now, with the base of GS that
// belongs to the mode.
func changeSpace(v *domain.VCPU, root *frame.MFN, space exit.Space) {
	if stub.used {
		v.Container.SwapGS()
		EnterMode(v)
		return
	}
	v.Container.ChangeSpace(uint64(root.Addr()), space)
}

// EnterMode makes the processor use the root of the mode that the guest is in. After a
// change of mode or of roots.
//
// A stub changes between the roots by a write to CR3, which stays in the address space
// that the processor is in and empties it. Both modes are in one then; and where the
// hypervisor changes the root, it is for it to empty the space.
func EnterMode(v *domain.VCPU) {
	c := &v.Container
	root, user := v.Domain.Memory.Roots(int(v.ID))
	space := exit.KernelSpace
	if !v.PV.Stub.Kernel {
		root, space = user, exit.UserSpace
	}
	c.SetCR3(uint64(root.Addr()))
	if stub.used {
		setRoots(v)
		c.FlushSpace(exit.KernelSpace)
		return
	}
	c.UseSpace(space)
}

// NewKernelRoot is for a vCPU, in its kernel mode, which has got another root. All its
// translations are flushed.
func NewKernelRoot(v *domain.VCPU) {
	kernel, _ := v.Domain.Memory.Roots(int(v.ID))
	v.Container.SetCR3(uint64(kernel.Addr()))
	if stub.used {
		setRoots(v)
	}
	machine.FlushSelf(v)
}

// NewUserRoot is for a vCPU, in its kernel mode, whose user mode has got another root.
func NewUserRoot(v *domain.VCPU) {
	v.UserMemory.Forget()
	if stub.used {
		setRoots(v)
		v.Container.FlushSpace(exit.KernelSpace)
		return
	}
	v.Container.FlushSpace(exit.UserSpace)
}
