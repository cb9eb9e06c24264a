package pv

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/emul"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
	"tuco/kernel/mm"
	"tuco/kernel/pagetype"
)

// tableWrite executes an instruction of the guest's kernel that has tried to
// write to a page table, as an update of that entry. False: it is no such
// instruction, or the update is not allowed; then the fault is the guest's.
func tableWrite(v *domain.VCPU, at frame.VAddr) bool {
	if !v.Domain.Assisted(hypercall.VMASST_TYPE_writable_pagetables) || !isL1(v, at) {
		return false
	}
	i, ok := emul.Decode(code(v, v.Container.RIP()))
	if !ok {
		return false
	}
	var s emul.State
	saveState(v, &s)
	u, r := emul.Propose(&i, &s, at, (*guest)(v))
	if r.Verdict != emul.Wanted {
		return finish(v, &s, r)
	}
	var c mm.Call
	machine.Begin(v.Holder(), v.Domain, &c)
	result := v.Domain.Memory.ReplaceEntry(&c, int(v.ID), u.Address, pagetype.PTE(u.Old), pagetype.PTE(u.New))
	if machine.Settle(v.Holder(), v.Domain, &c, result) || result == pagetype.Changed {
		return true // the guest executes its instruction again
	}
	if result != pagetype.OK {
		return false
	}
	return finish(v, &s, u.Commit(&s))
}

// isL1 tells whether what is mapped at an address is an L1 table, in which
// case the instruction that writes to it is worth a look.
func isL1(v *domain.VCPU, at frame.VAddr) bool {
	memory := KernelView(v)
	e, ok := memory.Entry(at)
	return ok && e&pagetype.Present != 0 && machine.Types.IsL1(e.MFN())
}
