package main

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// mark is what a shown page holds.
const mark = 0x6d6f_7274_616c

// show lets a privileged domain know of a page: it reads the frame's number off two ports, in the numbers of the domains
// that they wait for.
func show() {
	page := pv.AllocPage()
	*pv.At[uint64](page) = mark
	mfn := pv.MFN(page)
	pv.Unbound(hypercall.DomID(mfn % shownRadix))
	pv.Unbound(hypercall.DomID(mfn / shownRadix))
	for pv.Status(firstPort+1).Status == hypercall.EVTCHNSTAT_unbound {
		pv.Sleep(pv.Now() + pv.Millisecond)
	}
}

const shownRadix = 1 << 12

// holder is a privileged domain that maps the page which another one shows, has that one end, and lets go of the page
// some time later.
func holder(d hypercall.DomID) {
	for portOf(d, firstPort+1) == nil {
		pv.Sleep(pv.Now() + pv.Millisecond)
	}
	mfn := uint64(portOf(d, firstPort).U.Domain()) + shownRadix*uint64(portOf(d, firstPort+1).U.Domain())
	page := pv.AllocPage()
	own := pv.PageEntry(page, pv.RW)
	pv.Need("mapping another's page", pv.Call(hypercall.HYPERVISOR_update_va_mapping_otherdomain,
		page, pv.FrameEntry(mfn, pv.RW), uint64(hypercall.UVMF_INVLPG), uint64(d), 0))
	checkMark(page)
	arg := hypercall.SchedRemoteShutdown{DomainID: d, Reason: hypercall.SHUTDOWN_poweroff}
	pv.Need("remote_shutdown", pv.SchedOp(hypercall.SCHEDOP_remote_shutdown, &arg))
	for portOf(d, firstPort) != nil {
		pv.Sleep(pv.Now() + pv.Millisecond)
	}
	pv.Sleep(pv.Now() + 500*pv.Millisecond)
	checkMark(page)
	pv.Print("holder: domain %d can't be found, and its page is still there", uint64(d))
	pv.Need("mapping the own page again", pv.UpdateVAMapping(page, own, hypercall.UVMF_INVLPG))
	pv.Sleep(pv.Now() + 500*pv.Millisecond)
}

// portOf is the state of a port of a domain, or nil if it is closed, or the domain not there.
func portOf(d hypercall.DomID, p hypercall.Port) *hypercall.EvtchnStatus {
	state = hypercall.EvtchnStatus{Dom: d, Port: p}
	if pv.EventOp(hypercall.EVTCHNOP_status, &state) != 0 || state.Status == hypercall.EVTCHNSTAT_closed {
		return nil
	}
	return &state
}

var state hypercall.EvtchnStatus

func checkMark(page uint64) {
	if *pv.At[uint64](page) != mark {
		panic("another's page does not hold what it should")
	}
}
