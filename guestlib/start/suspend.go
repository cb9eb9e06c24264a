package start

import (
	"tuco/guestlib/clock"
	"tuco/guestlib/cpu"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/mm"
	"tuco/guestlib/sched"
	"tuco/guestlib/upcall"
	"tuco/hypercall"
)

// suspend has the domain saved: the hypercall returns when it goes on. Who saves it reads the start info, in which frames have to
// be named by their pages then, and finds the list of machine frames by what the shared page says. Frames that are not the
// domain's own can't be saved, so nobody may have one mapped.
//
// The result is 1 if nothing has come of it, and 0 in the restored domain. EBUSY: other vCPUs run.
func suspend() uint64 {
	if _, up := sched.VCPUs(); up > 1 {
		return failed(ebusy)
	}
	info := startInfo
	named := []*hypercall.XenPFN{&info.StoreMFN, &info.ConsoleMFN}
	if info.Flags&hypercall.SIF_INITDOMAIN != 0 {
		named = nil // domain 0 has no store, and something else where others have the console
	}
	for _, f := range named {
		if *f != 0 {
			*f = hypercall.XenPFN(mm.PageOf(uint64(*f)))
		}
	}
	ring := mm.LeaveRing()
	upcall.Conceal()
	arg := hypercall.SchedShutdown{Reason: hypercall.SHUTDOWN_suspend}
	frame := mm.Machine(hypercalls.Address(info)) / mm.PageSize
	result := hypercalls.Call(hypercall.HYPERVISOR_sched_op, hypercall.SCHEDOP_shutdown, hypercalls.Address(&arg), frame, 0, 0)
	upcall.Reveal(info.SharedInfo)
	if result == 0 {
		cpu.Renew()
		clock.SetWall(upcall.Renew())
		loseChannels()
	} else {
		for _, f := range named {
			if *f != 0 {
				*f = hypercall.XenPFN(mm.FrameOfPage(uint64(*f)))
			}
		}
	}
	if ring {
		mm.JoinRing()
	}
	sched.Rearm()
	return result
}

// loseChannels has all event channels fail: their ports are not there any more.
func loseChannels() {
	tables.Lock()
	for i := range descriptors {
		if d := &descriptors[i]; d.kind == channel {
			d.port = 0
			d.bits |= pollIn | pollHangUp
			d.happened(pollIn | pollHangUp)
		}
	}
	tables.Unlock()
}
