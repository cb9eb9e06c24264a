package smp

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

func registerInfo(id uint32, mfn uint64, offset uint32) uint64 {
	arg := hypercall.VCPURegisterVCPUInfo{MFN: mfn, Offset: offset}
	return pv.VCPUOp(hypercall.VCPUOP_register_vcpu_info, id, &arg)
}

// infoSize is the size of a VCPUInfo.
const infoSize = 64

func vcpuInfoRefused(t *pv.T) {
	page := pv.AllocPage()
	for _, offset := range [...]uint32{pv.PageSize - infoSize + 1, pv.PageSize - 8, pv.PageSize, 1 << 31, 1<<32 - 1} {
		t.Errno("across a page", registerInfo(0, pv.MFN(page), offset), hypercall.ENXIO)
	}
	t.Errno("not aligned", registerInfo(0, pv.MFN(page), 1), hypercall.ENXIO)
	for _, mfn := range [...]uint64{pv.MFN(pv.StartInfo.PTBase), 0xfee00, 1 << 38, ^uint64(0)} {
		t.Errno("a frame that can't be written", registerInfo(0, mfn, 0), hypercall.EINVAL)
	}
	t.Errno("a vCPU that does not exist", registerInfo(noVCPU, pv.MFN(page), 0), hypercall.ENOENT)
	for _, bad := range pv.BadAddresses {
		t.Errno("an argument where nothing is", pv.VCPUOp(hypercall.VCPUOP_register_vcpu_info, 0, pv.At[byte](bad)), hypercall.EFAULT)
	}
	pv.FreePage(page)
}

// infos is the page that vcpuInfo gives. It is never free again.
var infos uint64

// vcpuInfo moves what each vCPU shares with the hypervisor, once for good: this vCPU's, and those of others before they
// are up.
func vcpuInfo(t *pv.T) {
	infos = pv.AllocPage()
	frame := pv.MFN(infos)
	pv.MaskUpcalls()
	for id := range pv.CPUs() {
		if id != 0 && isUp(id) != 0 {
			t.Errno("another that is up", registerInfo(id, frame, id*infoSize), hypercall.EINVAL)
			continue
		}
		old := pv.InfoOf(id)
		now := pv.At[hypercall.VCPUInfo](infos + uint64(id*infoSize))
		cr2 := uint64(0x1234_0000 + id)
		old.Arch.CR2 = cr2
		if !t.OK("register", registerInfo(id, frame, id*infoSize)) {
			continue
		}
		pv.UseInfo(id, now)
		t.Equal("mask of upcalls", uint64(now.EvtchnUpcallMask), 1)
		t.Equal("CR2", now.Arch.CR2, cr2)
		t.Check(now.Time.TSCToSystemMul != 0 || id != 0, "the clock did not come along")
		// What came before may have gone astray: the vCPU is to look at everything.
		t.Equal("upcall pending", uint64(now.EvtchnUpcallPending), 1)
		t.Equal("words to look at", now.EvtchnPendingSel, ^uint64(0))
		t.Errno("register again", registerInfo(id, frame, id*infoSize), hypercall.EINVAL)
		t.Errno("register elsewhere", registerInfo(id, frame, 1024), hypercall.EINVAL)
		old.EvtchnUpcallPending, old.EvtchnPendingSel = 0, 0
		now.EvtchnUpcallPending, now.EvtchnPendingSel = 0, 0
		p := pv.BindIPI(id)
		pv.Need("send", pv.Send(p))
		t.Check(now.EvtchnUpcallPending == 1 && now.EvtchnPendingSel != 0, "an event is not told at the new place")
		t.Check(old.EvtchnUpcallPending == 0 && old.EvtchnPendingSel == 0, "an event is told at the old place")
		pv.Close(p)
		now.EvtchnUpcallPending, now.EvtchnPendingSel = 0, 0
	}
	t.Errno("a table", pv.MapPage(infos, pv.RO)|pv.TryPin(infos, 1), hypercall.EINVAL)
	pv.Unprotect(infos)
}
