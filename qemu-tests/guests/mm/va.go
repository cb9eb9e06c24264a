package mm

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// updateVA changes what maps an address.
func updateVA(t *pv.T) {
	var r pv.Space
	r.Install(slot)
	entry := pv.FrameEntry(pv.SpareFrame(0), pv.RW)
	for _, i := range [...]uint64{0, 1, 255, 511} {
		t.OK("map", pv.UpdateVAMapping(r.Page(i), entry, hypercall.UVMF_INVLPG))
		t.Equal("entry", r.Entry(i), entry)
		*pv.At[uint64](r.Page(i)) = i
		t.OK("map at an odd address", pv.UpdateVAMapping(r.Page(i)+0x123, entry&^pv.Write, hypercall.UVMF_INVLPG))
		t.Equal("what is there", *pv.At[uint64](r.Page(i)), i)
		t.OK("unmap", pv.UpdateVAMapping(r.Page(i), 0, hypercall.UVMF_INVLPG))
		t.Equal("entry", r.Entry(i), 0)
	}
	for _, va := range [...]uint64{
		r.VA + 2<<20, r.VA + 1<<30, pv.SlotBase(slot + 1), // no L1, no L2, no L3
		0, pv.SlotBase(256), pv.SlotBase(262), pv.SlotBase(271), 1 << 47, ^uint64(0),
	} {
		t.Errno("an address with no table", pv.UpdateVAMapping(va, entry, hypercall.UVMF_INVLPG), hypercall.EINVAL)
	}
	t.Errno("a table, writable", pv.UpdateVAMapping(r.Page(0), pv.PageEntry(r.Table(1), pv.RW), 0), hypercall.EBUSY)
	t.Errno("local APICs", pv.UpdateVAMapping(r.Page(0), pv.FrameEntry(apicFrame, pv.RW), 0), hypercall.EPERM)
	t.Errno("a frame of the hypervisor", pv.UpdateVAMapping(r.Page(0), pv.FrameEntry(hypervisorFrame(), pv.RO), 0), hypercall.EBUSY)
	t.Equal("entry", r.Entry(0), 0)
	r.Remove()
}

// updateVAFlags goes through what to flush, and where.
func updateVAFlags(t *pv.T) {
	var r pv.Space
	r.Install(slot)
	frames := [2]uint64{pv.SpareFrame(0), pv.SpareFrame(1)}
	for i, frame := range frames {
		pv.Need("map", r.Set(uint64(1+i), pv.FrameEntry(frame, pv.RW)))
		*pv.At[uint64](r.Page(uint64(1 + i))) = uint64(i)
	}
	all := [1]uint64{^uint64(0)} // vCPUs, many of which don't exist
	mask := hypercall.UVMFlags(pv.Address(&all))
	for _, where := range [...]hypercall.UVMFlags{hypercall.UVMF_LOCAL, hypercall.UVMF_ALL, mask} {
		for _, what := range [...]hypercall.UVMFlags{hypercall.UVMF_TLB_FLUSH, hypercall.UVMF_INVLPG} {
			for i := range 4 {
				n := i % 2
				t.OK("map", pv.UpdateVAMapping(r.Page(0), pv.FrameEntry(frames[n], pv.RO), where|what))
				t.Equal("what is seen after the flush", *pv.At[uint64](r.Page(0)), uint64(n))
			}
		}
		t.OK("no flush", pv.UpdateVAMapping(r.Page(0), 0, where))
	}
	for _, bad := range pv.BadAddresses {
		flags := hypercall.UVMFlags(bad&^7) | hypercall.UVMF_INVLPG
		t.Errno("a mask where nothing is", pv.UpdateVAMapping(r.Page(0), 0, flags), hypercall.EFAULT)
	}
	for i := range uint64(3) {
		pv.Need("unmap", r.Set(i, 0))
	}
	r.Remove()
}
