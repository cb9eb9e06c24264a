package mm

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// setBase loads a root for kernel mode.
func setBase(mfn uint64) uint64 {
	return pv.MMUExtOp(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_NEW_BASEPTR, Arg1: mfn})
}

func setUserBase(mfn uint64) uint64 {
	return pv.MMUExtOp(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_NEW_USER_BASEPTR, Arg1: mfn})
}

// kernelSlot is the root's slot for what the builder mapped.
const kernelSlot = 511

// base loads another root, which has another page at an address.
func base(t *pv.T) {
	var r pv.Space
	r.Install(slot)
	pv.Need("map", r.Set(0, pv.FrameEntry(pv.SpareFrame(0), pv.RW)))
	pv.Need("map", r.Set(1, pv.FrameEntry(pv.SpareFrame(1), pv.RW)))
	*pv.At[uint64](r.Page(0)) = 1
	*pv.At[uint64](r.Page(1)) = 2
	pv.Need("unmap", r.Set(1, 0))

	var other tree
	other.make(0)
	pv.Unprotect(other.l4)
	pv.Unprotect(other.l1)
	root := pv.At[[512]uint64](other.l4)
	root[0], root[slot] = 0, pv.PageEntry(other.l3, pv.RW)
	root[kernelSlot] = *pv.At[uint64](pv.StartInfo.PTBase + 8*kernelSlot)
	*pv.At[uint64](other.l1) = pv.FrameEntry(pv.SpareFrame(1), pv.RW)
	pv.Protect(other.l4)
	pv.Protect(other.l1)

	for range 3 {
		t.Equal("what the first root shows", *pv.At[uint64](r.Page(0)), 1)
		t.OK("load another root", setBase(pv.MFN(other.l4)))
		t.Equal("what that shows", *pv.At[uint64](r.Page(0)), 2)
		requireWritable(t, "the root in use, writable", other.l4, false)
		t.OK("load the first root", setBase(pv.MFN(pv.StartInfo.PTBase)))
		requireWritable(t, "the root that was in use, writable", other.l4, true)
	}
	t.OK("load a pinned root", pv.TryPin(other.l4, 4))
	t.OK("load it", setBase(pv.MFN(other.l4)))
	t.OK("unpin it in use", pv.TryUnpin(other.l4))
	requireWritable(t, "the root in use, writable", other.l4, false)
	t.Equal("what it shows", *pv.At[uint64](r.Page(0)), 2)
	t.OK("load the first root", setBase(pv.MFN(pv.StartInfo.PTBase)))
	other.free(t)
	pv.Need("unmap", r.Set(0, 0))
	r.Remove()
}

func baseRefused(t *pv.T) {
	var r pv.Space
	r.Install(slot)
	data := pv.AllocPage()
	for _, mfn := range [...]uint64{
		pv.MFN(r.Table(1)), pv.MFN(r.Table(2)), pv.MFN(r.Table(3)), pv.MFN(data), hypervisorFrame(), apicFrame, 0, 1 << 38, 1<<40 - 1, ^uint64(0),
	} {
		t.Errno("a root that is none", setBase(mfn), hypercall.EINVAL)
		if mfn != 0 {
			t.Errno("a root for user mode that is none", setUserBase(mfn), hypercall.EINVAL)
		}
	}
	t.OK("the root that is loaded", setBase(pv.MFN(pv.StartInfo.PTBase)))
	pv.FreePage(data)
	r.Remove()
}

// userBase loads roots for user mode, and none.
func userBase(t *pv.T) {
	t.OK("none", setUserBase(0))
	t.OK("none again", setUserBase(0))
	var r tree
	r.make(0)
	t.OK("a root", setUserBase(pv.MFN(r.l4)))
	t.OK("the same", setUserBase(pv.MFN(r.l4)))
	requireWritable(t, "the root in use, writable", r.l4, false)
	requireWritable(t, "a table below it, writable", r.l1, false)
	t.OK("the kernel's", setUserBase(pv.MFN(pv.StartInfo.PTBase)))
	requireWritable(t, "the root that was in use, writable", r.l4, true)
	t.OK("none", setUserBase(0))
	r.free(t)
}
