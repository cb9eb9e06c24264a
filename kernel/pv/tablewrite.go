package pv

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/emul"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/guestmem"
	"tuco/kernel/machine"
	"tuco/kernel/mm"
	"tuco/kernel/pagetype"
	"tuco/kernel/x86"
)

// tableWrite executes an instruction of the guest's kernel that has tried to
// write to a page table, as an update of that entry. False: it is no such
// instruction, or the update is not allowed; then the fault is the guest's.
func tableWrite(v *domain.VCPU, at frame.VAddr) bool {
	if !v.Domain.Assisted(hypercall.VMASST_TYPE_writable_pagetables) || !isL1(v, at) {
		return false
	}
	if storeEntry(v, at) {
		return true
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

// storeEntry is tableWrite for the instruction that most such writes are made by, where it
// ends as usual. False: nothing was done.
func storeEntry(v *domain.VCPU, at frame.VAddr) bool {
	c := &v.Container
	if c.RFLAGS()&(x86.FlagTF|x86.FlagRF) != 0 || c.Segment(exit.CS).Attr&exit.SegmentLong == 0 {
		return false
	}
	memory, code := &v.KernelMemory, uint64(0)
	rip := c.RIP()
	if !guestmem.Get(memory, &code, frame.VAddr(rip)) {
		return false
	}
	s, ok := emul.DecodeStore(code)
	if !ok || frame.VAddr(c.GPR(s.Base)+s.Displacement) != at || !frame.VAddr(rip+uint64(s.Length)).Canonical() {
		return false
	}
	var x mm.Call
	machine.Begin(v.Holder(), v.Domain, &x)
	result := v.Domain.Memory.SetEntry(&x, int(v.ID), at, pagetype.PTE(c.GPR(s.Register)))
	if machine.Settle(v.Holder(), v.Domain, &x, result) {
		return true // the guest executes its instruction again
	}
	if result != pagetype.OK {
		return false
	}
	c.Skip(s.Length)
	return true
}

// isL1 tells whether what is mapped at an address is an L1 table, in which
// case the instruction that writes to it is worth a look.
func isL1(v *domain.VCPU, at frame.VAddr) bool {
	e, ok := v.KernelMemory.Entry(at)
	return ok && e&pagetype.Present != 0 && machine.Types.IsL1(e.MFN())
}
