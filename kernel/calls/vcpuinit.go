package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/guestmem"
	"tuco/kernel/machine"
	"tuco/kernel/mm"
	"tuco/kernel/pagetype"
	"tuco/kernel/pv"
)

// initialise is VCPUOP_initialise, and CONTROLOP_set_context for a vCPU of another domain: it gives a
// vCPU, which has never run, its state.
//
// EFAULT. EEXIST: it has one. EINVAL: it has no vcpu_info; or a state that can't be:
// an address that is not canonical, a table that is none, user mode without page
// tables for it.
func initialise(v, t *domain.VCPU, arg hypercall.Handle[byte]) int64 {
	if t.Events.Info() == nil {
		return fail(hypercall.EINVAL)
	}
	x := &room(v).context
	if !get(v, x, arg) {
		return fail(hypercall.EFAULT)
	}
	if !t.Claim() {
		return domain.Continue
	}
	result := fail(hypercall.EEXIST)
	if !t.Initialised {
		result = bringUp(v, t, x)
	}
	t.Release()
	return result
}

// bringUp gives a claimed vCPU a state. Where it can't go on at once the caller
// begins anew, with what was done standing: it is done faster then.
func bringUp(v, t *domain.VCPU, x *hypercall.VCPUGuestContext) int64 {
	if !sane(x) {
		return fail(hypercall.EINVAL)
	}
	r := setTables(v, t, x)
	switch r {
	case pagetype.OK:
	case pagetype.Again:
		return domain.Continue
	default:
		pv.DropTables(v.Holder(), t)
		if !dropRoots(v, t) {
			return domain.Continue
		}
		return fail(hypercall.EINVAL)
	}
	pv.Initialise(v.Holder(), t, x)
	if x.Flags&hypercall.VGCF_online != 0 {
		machine.Start(v.Holder(), t)
	}
	return 0
}

// sane judges all of a state but its frames.
func sane(x *hypercall.VCPUGuestContext) bool {
	for _, a := range [...]uint64{
		x.UserRegs.RIP, x.UserRegs.RSP, x.KernelSP, x.FSBase, x.GSBaseKernel, x.GSBaseUser,
		x.EventCallbackEIP, x.FailsafeCallbackEIP, x.SyscallCallbackEIP,
	} {
		if !frame.VAddr(a).Canonical() {
			return false
		}
	}
	for i := range x.TrapCtxt {
		if !frame.VAddr(x.TrapCtxt[i].Address).Canonical() {
			return false
		}
	}
	ldt := frame.VAddr(x.LDTBase)
	return guestmem.Usable(ldt) && mm.CheckLDT(ldt, x.LDTEnts) == pagetype.OK &&
		x.GDTEnts <= hypercall.FIRST_RESERVED_GDT_ENTRY &&
		(x.Flags&hypercall.VGCF_in_kernel != 0 || x.Ctrlreg[1] != 0)
}

// setTables takes the frames of a state: its descriptor table's and its page tables'
// roots. What it has taken when it fails is still there. Again: to be made again.
func setTables(v, t *domain.VCPU, x *hypercall.VCPUGuestContext) pagetype.Result {
	var gdt [domain.GDTPages]frame.MFN
	for i := range gdt {
		gdt[i] = frame.MFN(x.GDTFrames[i])
	}
	if r := pv.SetGDT(v.Holder(), t, &gdt, uint32(x.GDTEnts)); r != pagetype.OK {
		return r
	}
	kernel, user := frame.MAddr(x.Ctrlreg[3]).MFN(), frame.MAddr(x.Ctrlreg[1]).MFN()
	if x.Ctrlreg[1] != 0 && user == 0 {
		return pagetype.NoFrame // 0 would be none
	}
	h, d := v.Holder(), t.Domain
	var c mm.Call
	machine.Begin(h, d, &c)
	r := d.Memory.SetKernelRoot(&c, int(t.ID), kernel)
	if machine.Settle(h, d, &c, r) {
		return pagetype.Again
	}
	if r != pagetype.OK {
		return r
	}
	machine.Begin(h, d, &c)
	r = d.Memory.SetUserRoot(&c, int(t.ID), user)
	if machine.Settle(h, d, &c, r) {
		return pagetype.Again
	}
	return r
}

// dropRoots gives the roots back. False: it is to be made again.
func dropRoots(v, t *domain.VCPU) bool {
	h, d := v.Holder(), t.Domain
	var c mm.Call
	machine.Begin(h, d, &c)
	return !machine.Settle(h, d, &c, d.Memory.DropRoots(&c, int(t.ID)))
}
