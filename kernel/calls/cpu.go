package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
	"tuco/kernel/mm"
	"tuco/kernel/pagetype"
	"tuco/kernel/pv"
)

// setGDT is set_gdt.
//
// EFAULT. EINVAL: more entries than there are below the reserved ones, or a frame
// that can't become a page of descriptors.
func setGDT(v *domain.VCPU, a *hypercall.Args) int64 {
	s := a.SetGDT()
	if s.Entries > hypercall.FIRST_RESERVED_GDT_ENTRY {
		return fail(hypercall.EINVAL)
	}
	pages := (s.Entries + pagetype.Entries - 1) / pagetype.Entries
	var frames [domain.GDTPages]frame.MFN
	for n := range pages {
		var m hypercall.XenPFN
		if !get(v, &m, hypercall.Handle[byte](s.Frames.At(uint64(n)))) {
			return fail(hypercall.EFAULT)
		}
		frames[n] = frame.MFN(m)
	}
	switch r := pv.SetGDT(v.Holder(), v, &frames, s.Entries); r {
	case pagetype.OK:
		return 0
	case pagetype.Again:
		return domain.Continue
	default:
		return fail(hypercall.EINVAL)
	}
}

// updateDescriptor is update_descriptor.
//
// EINVAL: the address is not a multiple of 8, the frame is not the domain's or is
// in use as something else, or a guest may not have the descriptor.
func updateDescriptor(v *domain.VCPU, a *hypercall.Args) int64 {
	s := a.UpdateDescriptor()
	h, d := v.Holder(), v.Domain
	var c mm.Call
	machine.Begin(h, d, &c)
	r := d.Memory.UpdateDescriptor(&c, frame.MAddr(s.MA), s.Desc)
	if machine.Settle(h, d, &c, r) {
		return domain.Continue
	}
	if r != pagetype.OK {
		return fail(hypercall.EINVAL)
	}
	return 0
}

// fpuTaskswitch is fpu_taskswitch.
func fpuTaskswitch(v *domain.VCPU, a *hypercall.Args) int64 {
	pv.SetTS(v, a.FPUTaskswitch())
	return 0
}

// setDebugreg is set_debugreg.
//
// ENODEV: there is no such register. EINVAL: the value sets bits of the upper
// half of DR6 or DR7. EPERM: it would watch the hypervisor, or ports with CR4.DE
// clear, or have accesses to the registers trap.
func setDebugreg(v *domain.VCPU, a *hypercall.Args) int64 {
	s := a.SetDebugreg()
	switch pv.CheckedSetDR(v, uint32(s.Reg), s.Value) {
	case pv.DROK:
		return 0
	case pv.DRReserved:
		return fail(hypercall.EINVAL)
	case pv.DRRefused:
		return fail(hypercall.EPERM)
	}
	return fail(hypercall.ENODEV)
}

// getDebugreg is get_debugreg.
//
// ENODEV: there is no such register, as DR4 and DR5 with CR4.DE set.
func getDebugreg(v *domain.VCPU, a *hypercall.Args) int64 {
	value, ok := pv.GetDR(v, uint32(a.GetDebugreg()))
	if !ok {
		return fail(hypercall.ENODEV)
	}
	return int64(value)
}

// setSegmentBase is set_segment_base.
//
// EINVAL: the base is not canonical, or there is no such segment.
func setSegmentBase(v *domain.VCPU, a *hypercall.Args) int64 {
	s := a.SetSegmentBase()
	ok := false
	switch s.Which {
	case hypercall.SEGBASE_FS:
		ok = pv.SetFSBase(v, s.Base)
	case hypercall.SEGBASE_GS_USER:
		ok = pv.SetOtherGSBase(v, s.Base)
	case hypercall.SEGBASE_GS_KERNEL:
		ok = pv.SetGSBase(v, s.Base)
	case hypercall.SEGBASE_GS_USER_SEL:
		if !pv.Ready(v, uint16(s.Base)) {
			return domain.Continue
		}
		pv.SetUserGS(v, uint16(s.Base))
		ok = true
	}
	if !ok {
		return fail(hypercall.EINVAL)
	}
	return 0
}

// assists are the variations of the ABI that paravirtual guests can have. One that is
// not there is m2p_strict: user mode sees the machine-to-physical table as its kernel does.
const assists = 1<<hypercall.VMASST_TYPE_4gb_segments | 1<<hypercall.VMASST_TYPE_4gb_segments_notify |
	1<<hypercall.VMASST_TYPE_writable_pagetables | 1<<hypercall.VMASST_TYPE_pae_extended_cr3 |
	1<<hypercall.VMASST_TYPE_architectural_iopl | 1<<hypercall.VMASST_TYPE_runstate_update_flag

// vmAssist is vm_assist. ENOSYS: no such command. EINVAL: no such type.
func vmAssist(v *domain.VCPU, a *hypercall.Args) int64 {
	s := a.VMAssist()
	if s.Type >= 64 || uint64(assists)>>s.Type&1 == 0 {
		return fail(hypercall.EINVAL)
	}
	bit, was := uint64(1)<<s.Type, uint64(0)
	switch s.Cmd {
	case hypercall.VMASST_CMD_enable:
		was = v.Domain.Assists.Or(bit)
	case hypercall.VMASST_CMD_disable:
		was = ^v.Domain.Assists.And(^bit)
	default:
		return fail(hypercall.ENOSYS)
	}
	if was&bit != 0 {
		return 0 // as it was
	}
	pv.SetIOPL(v, v.PV.IOPL) // what it means may have changed
	for _, o := range v.Domain.VCPUs() {
		o.Want(domain.WantStub)
	}
	return 0
}
