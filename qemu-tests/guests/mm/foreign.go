package mm

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// tablesOf is the ForeignDom that has page tables of another domain changed.
func tablesOf(dom hypercall.DomID) hypercall.ForeignDom {
	return hypercall.ForeignDom(dom+1)<<16 | pv.Own
}

// foreign names other domains as owners of frames or tables.
func foreign(t *pv.T) {
	var r pv.Space
	r.Install(slot)
	self := pv.DomainID()
	request := hypercall.MMUUpdate{Ptr: pv.Machine(r.Table(1)), Val: pv.FrameEntry(pv.SpareFrame(0), pv.RW)}
	for _, c := range [...]struct {
		what string
		dom  hypercall.ForeignDom
		err  hypercall.Errno
	}{
		{"own frames, by number", hypercall.ForeignDom(self), hypercall.ESRCH},
		{"own tables, by number", tablesOf(self), 0},
		{"own tables, by name", tablesOf(hypercall.DOMID_SELF), hypercall.ESRCH},
		{"frames of a domain that does not exist", hypercall.ForeignDom(nobody), hypercall.ESRCH},
		{"frames of no domain", hypercall.ForeignDom(hypercall.DOMID_INVALID), hypercall.ESRCH},
		{"tables of a domain that does not exist", tablesOf(nobody), hypercall.ESRCH},
	} {
		_, result := pv.MMUUpdates(c.dom, request)
		t.Errno(c.what, result, c.err)
		want := request.Val
		if c.err != 0 {
			want = 0
		}
		t.Equal("entry", r.Entry(0), want)
		pv.Need("unmap", r.Set(0, 0))
	}
	for _, dom := range [...]hypercall.DomID{nobody, hypercall.DOMID_INVALID} {
		done, result := pv.MMUExtOps(dom, hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_TLB_FLUSH_LOCAL})
		t.Errno("operation on a domain that does not exist", result, hypercall.ESRCH)
		t.Equal("done", uint64(done), 1<<32-1)
	}

	if pv.Domain0() {
		devices := hypercall.ForeignDom(hypercall.DOMID_IO)
		_, result := pv.MMUUpdates(devices, hypercall.MMUUpdate{Ptr: pv.Machine(r.Table(1)), Val: pv.FrameEntry(vgaFrame, pv.RW)})
		t.OK("frame of a device", result)
		t.Equal("frame that is mapped", pv.EntryMFN(r.Entry(0)), vgaFrame)
		*pv.At[uint16](r.Page(0)) = 0x0741
		t.Equal("character on the screen", uint64(*pv.At[uint16](r.Page(0))), 0x0741)
		pv.Need("unmap", r.Set(0, 0))
		_, result = pv.MMUUpdates(devices, hypercall.MMUUpdate{Ptr: pv.Machine(r.Table(1)), Val: pv.FrameEntry(apicFrame, pv.RW)})
		t.Errno("frame of a device that is the hypervisor's", result, hypercall.EPERM)
		_, result = pv.MMUUpdates(devices, request)
		t.Errno("frame of memory in the name of devices", result, hypercall.EBUSY)
		t.Equal("entry", r.Entry(0), 0)
	}
	r.Remove()
}

const (
	vgaFrame  = 0xb8    // text of the VGA screen
	apicFrame = 0xfee00 // local APICs
)
