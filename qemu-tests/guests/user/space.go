package user

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// Bits of a page fault's error code.
const (
	present  = 1 << 0
	writing  = 1 << 1
	userMode = 1 << 2
	fetch    = 1 << 4
)

// ownSpace: what is not in user mode's tables is not there, and what is read-only there is so.
func ownSpace(t *pv.T) {
	var p program
	p.load(read + syscall)
	p.start(dataAt)
	*pv.At[uint64](p.data) = 0x1234_5678
	t.Trapped("read of its data", p.u.Run(), pv.Syscall64, 0)
	t.Equal("what it read", p.u.Iret.RAX, 0x1234_5678)
	requireFault(t, &p, "read of the kernel's memory", pv.Address(&pv.StartInfo), userMode)
	requireFault(t, &p, "read where nothing is", emptyAt, userMode)
	requireFault(t, &p, "read of the hypervisor's memory", hypercall.HYPERVISOR_VIRT_END-8, userMode)
	p.write(write + syscall)
	p.start(dataAt + 8)
	p.u.Iret.RAX = 0x9abc
	t.Trapped("write to its data", p.u.Run(), pv.Syscall64, 0)
	t.Equal("what it wrote", *pv.At[uint64](p.data + 8), 0x9abc)
	requireFault(t, &p, "write to its code", codeAt+64, userMode|writing|present)
	requireFault(t, &p, "write where nothing is", emptyAt, userMode|writing)
	p.write(jump)
	p.space.Map(dataAt, pv.MFN(p.data)*pv.PageSize|pv.RW|pv.NX)
	requireFault(t, &p, "jump to data that is not code", dataAt, userMode|fetch|present)
	requireFault(t, &p, "jump where nothing is", emptyAt, userMode|fetch)

	// The kernel does not see the space, before it hangs it into its own root.
	trap := pv.Catch(func() { _ = *pv.At[uint64](dataAt) })
	t.Trapped("the kernel's read of user memory", trap, pv.PF, 0)
	p.space.HangInto(pv.StartInfo.PTBase)
	var got uint64
	t.NoTrap("the kernel's read of user memory", pv.Catch(func() { got = *pv.At[uint64](dataAt) }))
	t.Equal("what it read", got, 0x1234_5678)
	p.space.TakeFrom(pv.StartInfo.PTBase)
	p.unload()
}

func requireFault(t *pv.T, p *program, what string, at, code uint64) {
	p.start(at)
	trap := p.u.Run()
	if t.Trapped(what, trap, pv.PF, code) {
		t.Equal("cr2", trap.CR2, at)
	}
}

// twoSpaces has two programs at the same addresses, entered in turn.
func twoSpaces(t *pv.T) {
	var a, b program
	a.load(read + syscall)
	b.load(read + syscall)
	*pv.At[uint64](a.data), *pv.At[uint64](b.data) = 0xaaaa, 0xbbbb
	for range 3 {
		a.start(dataAt)
		t.Trapped("first program", a.u.Run(), pv.Syscall64, 0)
		t.Equal("what it read", a.u.Iret.RAX, 0xaaaa)
		b.start(dataAt)
		t.Trapped("second program", b.u.Run(), pv.Syscall64, 0)
		t.Equal("what it read", b.u.Iret.RAX, 0xbbbb)
	}
	a.unload()
	b.unload()
}

func newUserRoot(mfn uint64) uint64 {
	return pv.MMUExtOp(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_NEW_USER_BASEPTR, Arg1: mfn})
}

func rootRefused(t *pv.T) {
	page := pv.AllocPage()
	t.Errno("page that is mapped writable", newUserRoot(pv.MFN(page)), hypercall.EINVAL)
	pv.Protect(page)
	pv.Pin(page, 1)
	t.Errno("L1 table", newUserRoot(pv.MFN(page)), hypercall.EINVAL)
	pv.Unpin(page)
	pv.Unprotect(page)
	pv.FreePage(page)
	t.Errno("frame of the hypervisor's", newUserRoot(0x200), hypercall.EINVAL)
	t.Errno("frame that there is not", newUserRoot(1<<40-1), hypercall.EINVAL)
	t.OK("none", newUserRoot(0))
}

// machineToPhysical: with the assist, user mode can't read that table. Without it, it may or may not.
func machineToPhysical(t *pv.T) {
	if pv.OnTuco() {
		t.Skip("Tuco has no m2p_strict, and says so")
		return
	}
	t.OK("vm_assist", pv.VMAssist(hypercall.VMASST_CMD_enable, hypercall.VMASST_TYPE_m2p_strict))
	var p program
	p.load(read + syscall)
	requireFault(t, &p, "read with m2p_strict", hypercall.MACH2PHYS_VIRT_START, userMode)
	t.Equal("the kernel's read", pv.M2P(pv.MFN(p.data)), pv.PFN(p.data))
	t.OK("vm_assist", pv.VMAssist(hypercall.VMASST_CMD_disable, hypercall.VMASST_TYPE_m2p_strict))
	p.unload()
}
