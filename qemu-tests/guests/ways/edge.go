package ways

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// A SYSCALL in the last two bytes of the lower half returns to an address that is not canonical, which SYSRET refuses: on AMD's
// processors behind the return, on Intel's before it, with the privileges of who executes it.
const (
	edgeAt   = edgePage + pv.PageSize - lengthOfSyscall
	edgePage = edgeSpace + 511*pv.PageSize

	edgeSpace       = 1<<47 - 512*pv.PageSize
	behind          = 1 << 47
	lengthOfSyscall = 2
)

// callAt goes to a SYSCALL at an address, with a hypercall's number and arguments. It returns if somebody goes to comeBackAt.
func callAt(at, n, a1, a2 uint64)
func comeBackAt() uint64

var atEdge pv.Frame

// comeBack is a handler.
func comeBack(f *pv.Frame) {
	atEdge = *f
	f.Iret.RIP = comeBackAt()
}

// edge makes system calls and hypercalls there: they are made, and then comes the fault.
func edge(t *pv.T) {
	var space pv.Space
	space.Make(edgeSpace)
	space.HangInto(pv.StartInfo.PTBase)
	space.HangInto(pv.SharedRoot())
	page := pv.AllocPage()
	*pv.At[[lengthOfSyscall]byte](page + pv.PageSize - lengthOfSyscall) = [...]byte{0x0f, 0x05}
	space.Map(edgePage, pv.PageEntry(page, pv.RO))

	shared()
	for _, how := range [...]uint64{0, hypercall.VGCF_in_syscall} {
		var u pv.User
		u.StartAt(edgeAt, userStack)
		fill(&u)
		t.Trapped("system call", u.Run(), pv.Syscall64, 0)
		t.Equal("saved RIP", u.RIP, behind)
		noteUser("system call at the edge", how, 0, &u)
		u.Iret.Flags = how
		t.Trapped("return", u.Run(), pv.GP, 0)
		t.Equal("saved RIP", u.RIP, behind)
		noteUser("return to the edge", how, 0, &u)
	}

	pv.OnTrap(pv.GP, comeBack)
	for _, call := range [...]struct{ n, a1, a2, result uint64 }{
		{uint64(hypercall.HYPERVISOR_xen_version), hypercall.XENVER_version, 0, pv.XenVersion[byte](hypercall.XENVER_version, nil)},
		{uint64(hypercall.HYPERVISOR_stack_switch), hypercall.FLAT_KERNEL_SS, pv.This().KernelStack(), 0},
		{uint64(hypercall.HYPERVISOR_fpu_taskswitch), 0, 0, 0},
		{uint64(hypercall.HYPERVISOR_xen_version), 99, 0, hypercall.ENOSYS.Result()},
	} {
		atEdge = pv.Frame{}
		callAt(edgeAt, call.n, call.a1, call.a2)
		t.Trapped("hypercall", atEdge.Trap, pv.GP, 0)
		t.Equal("saved RIP", atEdge.RIP, behind)
		t.Equal("result", atEdge.Iret.RAX, call.result)
		t.Equal("RBX", atEdge.BX, 0x1234)
		noteFrame("hypercall at the edge", call.n, call.a1, &atEdge)
	}
	pv.OnTrap(pv.GP, nil)

	space.Map(edgePage, 0)
	space.TakeFrom(pv.SharedRoot())
	space.TakeFrom(pv.StartInfo.PTBase)
	space.Free()
	pv.FreePage(page)
}
