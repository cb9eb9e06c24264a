package pv

import (
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/guestmem"
	"tuco/kernel/machine"
)

// view is the guest's address space in the mode that it is in.
func view(v *domain.VCPU) guestmem.View {
	kernel, user := v.Domain.Memory.Roots(int(v.ID))
	if !v.PV.Kernel {
		kernel = user
	}
	return guestmem.View{Frames: &machine.Types, Root: kernel}
}

// KernelView is the guest kernel's address space.
func KernelView(v *domain.VCPU) guestmem.View {
	kernel, _ := v.Domain.Memory.Roots(int(v.ID))
	return guestmem.View{Frames: &machine.Types, Root: kernel}
}

// hasUserRoot tells whether the guest can go to user mode at all.
func hasUserRoot(v *domain.VCPU) bool {
	_, user := v.Domain.Memory.Roots(int(v.ID))
	return user != frame.NoMFN
}

// setMode changes between guest kernel and guest user.
func setMode(v *domain.VCPU, kernel bool) {
	if v.PV.Kernel == kernel {
		return
	}
	v.PV.Kernel = kernel
	c := &v.Container
	gs := c.Segment(exit.GS)
	gs.Base, v.PV.GSOther = v.PV.GSOther, gs.Base
	c.SetSegment(exit.GS, gs)
	if v.Domain.Privileged {
		setTSS(v)
	}
	EnterMode(v)
}

// EnterMode makes the processor use the root of the mode that the guest is in,
// and opens or closes the gate. After a change of mode or of roots.
func EnterMode(v *domain.VCPU) {
	c := &v.Container
	root, user := v.Domain.Memory.Roots(int(v.ID))
	v.PV.Gate = uint64(gate64) + callLength
	space := exit.KernelSpace
	if !v.PV.Kernel {
		root, v.PV.Gate, space = user, noGate, exit.UserSpace
	}
	c.SetCR(3, uint64(root.Addr()))
	c.UseSpace(space)
}
