package start

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

func registers(t *pv.T) {
	e := &pv.AtEntry
	t.Equal("SI", e.SI, pv.Address(pv.StartInfo))
	t.Equal("SP", e.SP, stackEnd())
	t.Equal("CS", uint64(e.CS), hypercall.FLAT_KERNEL_CS)
	t.Equal("SS", uint64(e.SS), hypercall.FLAT_KERNEL_SS)
	for _, selector := range [...]uint16{e.DS, e.ES, e.FS, e.GS} {
		t.Equal("data selector", uint64(selector), hypercall.FLAT_KERNEL_DS)
	}
	const always1 = 1 << 1
	t.Equal("flags", e.Flags, always1|pv.FlagIF)
	t.Equal("MXCSR", uint64(e.MXCSR), 0x1f80)
	t.Equal("FPU control", uint64(e.FPUControl), 0x37f)
	t.Equal("upcall mask", uint64(e.UpcallMask), 1)
}

func info(t *pv.T) {
	i := pv.StartInfo
	magic := pv.Terminated(i.Magic[:])
	t.Check(string(magic) == "xen-3.0-x86_64", "the magic is another")
	t.Equal("pages", i.NrPages, pv.Number("pages=", i.NrPages))
	t.Equal("shared info's offset", i.SharedInfo%pv.PageSize, 0)
	const dom0 = hypercall.SIF_PRIVILEGED | hypercall.SIF_INITDOMAIN
	if flags := i.Flags & dom0; flags == dom0 {
		t.Equal("store's frame", uint64(i.StoreMFN), 0)
		t.Equal("store's port", uint64(i.StoreEvtchn), 0)
	} else {
		t.Equal("flags", uint64(flags), 0)
		t.Check(i.StoreMFN != 0 && i.StoreEvtchn != 0, "there is no store")
		t.Check(i.ConsoleMFN != 0 && i.ConsoleEvtchn != 0, "there is no console")
	}
	line := pv.CommandLine()
	t.Check(len(line) < len(i.CmdLine), "the command line has no end")
}

func sharedInfo(t *pv.T) {
	s := pv.Shared()
	for v := range s.VCPUInfo {
		info := &s.VCPUInfo[v]
		if v > 0 {
			t.Equal("upcall pending", uint64(info.EvtchnUpcallPending), 0)
			t.Equal("pending words", info.EvtchnPendingSel, 0)
		}
	}
	for i := range s.EvtchnPending {
		t.Equal("pending", s.EvtchnPending[i], 0)
		t.Equal("masked", s.EvtchnMask[i], 0)
	}
	t.Equal("root of the p2m's tree", uint64(s.Arch.PFNToMFNFrameListList), 0)
	t.Check(pv.This().Info.Time.TSCToSystemMul != 0, "there is no clock")
	t.Check(s.WcSec > 1_600_000_000, "the wall clock says %d", uint64(s.WcSec))
}
