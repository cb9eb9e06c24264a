package pv

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/lock"
	"tuco/kernel/x86"
)

// Initialise gives a vCPU, which is on no CPU, the state that its guest has written
// down. The caller has checked it, and set the roots and the descriptor table.
// Selectors that can't be loaded fault as they would at a return to where the vCPU
// begins.
func Initialise(h *lock.Holder, v *domain.VCPU, x *hypercall.VCPUGuestContext) {
	setEntries(v, x)
	borrow(h, v)
	reset(v, &Initial{RIP: x.UserRegs.RIP, RSP: x.UserRegs.RSP, Flags: x.UserRegs.RFLAGS})
	setRegisters(v, &x.UserRegs)
	setControl(v, x)
	SetLDT(v, frame.VAddr(x.LDTBase), uint32(x.LDTEnts))
	loadSegments(v, x)
	refresh(v)
	giveBack(h, v)
	if x.Flags&hypercall.VGCF_I387_VALID != 0 {
		v.Container.SetFX(&x.FPUCtxt)
	}
	v.Initialised = true
}

// setEntries sets all ways into the guest's kernel.
func setEntries(v *domain.VCPU, x *hypercall.VCPUGuestContext) {
	p := &v.PV
	for i := range p.Traps {
		t := &x.TrapCtxt[i]
		p.Traps[i] = domain.Gate{Address: t.Address, CS: t.CS | selectorRPL, Flags: t.Flags}
	}
	p.Callbacks = [domain.Callbacks]domain.Callback{
		domain.CallbackEvent: {Address: x.EventCallbackEIP},
		domain.CallbackFailsafe: {
			Address: x.FailsafeCallbackEIP, Masks: x.Flags&hypercall.VGCF_failsafe_disables_events != 0,
		},
		domain.CallbackSyscall: {
			Address: x.SyscallCallbackEIP, Masks: x.Flags&hypercall.VGCF_syscall_disables_events != 0,
		},
	}
}

func setRegisters(v *domain.VCPU, r *hypercall.CPUUserRegs) {
	v.Container.Regs.GPR = [exit.GPRs]uint64{
		exit.RAX: r.RAX, exit.RCX: r.RCX, exit.RDX: r.RDX, exit.RBX: r.RBX, exit.RBP: r.RBP, exit.RSI: r.RSI,
		exit.RDI: r.RDI, exit.R8: r.R8, exit.R9: r.R9, exit.R10: r.R10, exit.R11: r.R11, exit.R12: r.R12,
		exit.R13: r.R13, exit.R14: r.R14, exit.R15: r.R15,
	}
}

// setControl sets control and debug registers, as far as a guest may have the values.
func setControl(v *domain.VCPU, x *hypercall.VCPUGuestContext) {
	p := &v.PV
	p.Stub.SetKernelSP(x.KernelSP)
	p.IOPL = uint8(x.UserRegs.RFLAGS >> 12 & 3)
	p.Stub.CR2 = x.Ctrlreg[2]
	SetTS(v, x.Ctrlreg[0]&x86.CR0TS != 0)
	if cr4 := x.Ctrlreg[4]; cr4 != 0 {
		setCR4(v, cr4&allowedCR4()|guestCR4)
	}
	for _, n := range [...]uint32{0, 1, 2, 3, 6, 7} {
		SetDR(v, n, x.Debugreg[n])
	}
}

// loadSegments loads the segment registers, and goes to user mode if the vCPU begins
// there.
func loadSegments(v *domain.VCPU, x *hypercall.VCPUGuestContext) {
	r, c := &x.UserRegs, &v.Container
	for _, selector := range [...]uint16{r.DS, r.ES, r.FS, r.GS, r.CS, r.SS} {
		const attempts = 8 // flushes that may be due; what takes longer counts as not there
		for n := 0; n < attempts && !Ready(v, selector); n++ {
		}
	}
	loadData(v, exit.DS, r.DS)
	loadData(v, exit.ES, r.ES)
	loadData(v, exit.FS, r.FS)
	loadData(v, exit.GS, r.GS)
	if x.FSBase != 0 {
		SetFSBase(v, x.FSBase)
	}
	if x.GSBaseKernel != 0 {
		SetGSBase(v, x.GSBaseKernel)
	}
	c.SetKernelGS(x.GSBaseUser)
	setMode(v, x.Flags&hypercall.VGCF_in_kernel != 0)
	returnTo(v, r.CS|selectorRPL, r.SS|selectorRPL)
}
