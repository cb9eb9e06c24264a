package multicall

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// results has calls that succeed, with results, and calls that fail: the rest goes on.
func results(t *pv.T) {
	page := pv.AllocPage()
	mask := pv.BindIPI(0)
	pv.MaskUpcalls()
	set(0, hypercall.HYPERVISOR_xen_version, hypercall.XENVER_version)
	set(1, noCall)
	set(2, hypercall.HYPERVISOR_xen_version, 99)
	set(3, hypercall.HYPERVISOR_update_va_mapping, page, pv.PageEntry(page, pv.RO), uint64(hypercall.UVMF_INVLPG))
	set(4, hypercall.HYPERVISOR_update_va_mapping, 1<<47, 0, 0)
	send := hypercall.EvtchnSend{Port: mask}
	set(5, hypercall.HYPERVISOR_event_channel_op, hypercall.EVTCHNOP_send, pv.Address(&send))
	set(6, ^hypercall.Number(0))
	set(7, hypercall.HYPERVISOR_sched_op, hypercall.SCHEDOP_yield)
	set(8, hypercall.HYPERVISOR_update_va_mapping, page, pv.PageEntry(page, pv.RW), uint64(hypercall.UVMF_INVLPG))
	set(9, hypercall.HYPERVISOR_xen_version, hypercall.XENVER_version)
	t.OK("multicall", call(9))
	for i, want := range [...]uint64{
		version(), hypercall.ENOSYS.Result(), hypercall.ENOSYS.Result(), 0, hypercall.EINVAL.Result(), 0, hypercall.ENOSYS.Result(), 0, 0, untouched,
	} {
		t.Check(entries[i].Result == want, "result %d is %x", uint64(i), entries[i].Result)
	}
	t.Check(pv.Pending(mask), "the event that was sent is not pending")
	*pv.At[uint64](page) = 1 // it is writable again
	pv.ForgetEvents()
	pv.Close(mask)
	pv.FreePage(page)
	t.OK("no calls", call(0))
}

// many has more calls than a hypervisor may do without a look at what else there is.
func many(t *pv.T) {
	var s pv.Space
	s.Install(300)
	for i := range entries {
		set(i, hypercall.HYPERVISOR_update_va_mapping, s.Page(uint64(i)), pv.FrameEntry(pv.SpareFrame(uint64(i)), pv.RW), 0)
	}
	t.OK("multicall", call(len(entries)))
	for i := range entries {
		t.Equal("result", entries[i].Result, 0)
		if !t.Equal("entry", s.Entry(uint64(i)), pv.FrameEntry(pv.SpareFrame(uint64(i)), pv.RW)) {
			break
		}
		set(i, hypercall.HYPERVISOR_update_va_mapping, s.Page(uint64(i)), 0, 0)
	}
	t.OK("multicall", call(len(entries)))
	for i := range entries {
		t.Equal("result", entries[i].Result, 0)
		if !t.Equal("entry", s.Entry(uint64(i)), 0) {
			break
		}
	}
	s.Remove()
}

func nested(t *pv.T) {
	inner := hypercall.MulticallEntry{Op: hypercall.HYPERVISOR_xen_version, Result: untouched}
	set(0, hypercall.HYPERVISOR_multicall, pv.Address(&inner), 1)
	set(1, hypercall.HYPERVISOR_xen_version, hypercall.XENVER_version)
	t.OK("multicall", call(2))
	t.Errno("a multicall in it", entries[0].Result, hypercall.EINVAL)
	t.Equal("result of the inner one's call", inner.Result, untouched)
	t.Equal("result of the next call", entries[1].Result, version())
	// That one was refused is forgotten.
	set(0, hypercall.HYPERVISOR_xen_version, hypercall.XENVER_version)
	t.OK("multicall", call(1))
	t.Equal("result", entries[0].Result, version())
}

// lists gives lists that can't be read, or not to their end.
func lists(t *pv.T) {
	list := func(list, n uint64) uint64 { return pv.Call(hypercall.HYPERVISOR_multicall, list, n, 0, 0, 0) }
	for _, bad := range pv.BadAddresses {
		t.Errno("list where nothing is", list(bad, 1), hypercall.EFAULT)
	}
	t.Errno("list that reaches into the hypervisor", list(0xffff_8000_0000_0000-64, 2), hypercall.EFAULT)

	var s pv.Space
	s.Install(300)
	pv.Need("map", s.Set(0, pv.FrameEntry(pv.SpareFrame(0), pv.RW)))
	const n = 3
	at := s.Page(1) - n*64
	calls := pv.At[[n]hypercall.MulticallEntry](at)
	for i := range calls {
		calls[i] = hypercall.MulticallEntry{Op: hypercall.HYPERVISOR_xen_version, Result: untouched}
	}
	t.Errno("list that runs into nothing", list(at, n+1), hypercall.EFAULT)
	for i := range calls {
		t.Equal("result", calls[i].Result, version())
	}
	pv.Need("unmap", s.Set(0, 0))
	s.Remove()
}

// readOnly has the list where results can't be written: the first call is made.
func readOnly(t *pv.T) {
	page := pv.AllocPage()
	ipis := [2]hypercall.Port{pv.BindIPI(0), pv.BindIPI(0)}
	pv.MaskUpcalls()
	var sends [2]hypercall.EvtchnSend
	calls := pv.At[[2]hypercall.MulticallEntry](page)
	for i := range calls {
		sends[i].Port = ipis[i]
		calls[i] = hypercall.MulticallEntry{
			Op: hypercall.HYPERVISOR_event_channel_op, Args: hypercall.ArgList{hypercall.EVTCHNOP_send, pv.Address(&sends[i])},
		}
	}
	pv.Protect(page)
	t.Errno("multicall", pv.Call(hypercall.HYPERVISOR_multicall, page, 2, 0, 0, 0), hypercall.EFAULT)
	t.Check(pv.Pending(ipis[0]), "the first call was not made")
	t.Check(!pv.Pending(ipis[1]), "the second call was made")
	pv.ForgetEvents()
	pv.Close(ipis[:]...)
	pv.Unprotect(page)
	pv.FreePage(page)
}

// upcall has an event sent in the midst. The upcall may come between two calls or behind the last: none is lost.
func upcall(t *pv.T) {
	p := pv.BindIPI(0)
	send := hypercall.EvtchnSend{Port: p}
	for i := range 8 {
		set(i, hypercall.HYPERVISOR_xen_version, hypercall.XENVER_version)
	}
	set(3, hypercall.HYPERVISOR_event_channel_op, hypercall.EVTCHNOP_send, pv.Address(&send))
	upcalls = 0
	pv.OnTrap(pv.Event, func(*pv.Frame) {
		upcalls++
		pv.ForgetEvents()
	})
	pv.This().Info.EvtchnUpcallMask = 0
	t.OK("multicall", call(8))
	pv.MaskUpcalls()
	pv.OnTrap(pv.Event, nil)
	t.Equal("upcalls", upcalls, 1)
	for i := range 8 {
		want := version()
		if i == 3 {
			want = 0
		}
		t.Equal("result", entries[i].Result, want)
	}
	pv.Close(p)
}

var upcalls uint64
