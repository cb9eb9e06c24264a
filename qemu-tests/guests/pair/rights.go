package main

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// rights asks for what only a domain may that has rights over the other one.
func rights(t *pv.T) {
	if pv.Domain0() {
		rightsOfDomain0(t)
		meet()
		return
	}
	for _, c := range [...]struct {
		what string
		call func() uint64
	}{
		{"status of another's port", func() uint64 {
			arg := hypercall.EvtchnStatus{Dom: peer, Port: 1}
			return pv.EventOp(hypercall.EVTCHNOP_status, &arg)
		}},
		{"alloc_unbound in another domain", func() uint64 {
			arg := hypercall.EvtchnAllocUnbound{Dom: peer, RemoteDom: hypercall.DOMID_SELF}
			return pv.EventOp(hypercall.EVTCHNOP_alloc_unbound, &arg)
		}},
		{"reset of another's ports", func() uint64 {
			arg := hypercall.EvtchnReset{Dom: peer}
			return pv.EventOp(hypercall.EVTCHNOP_reset, &arg)
		}},
		{"shutdown of another", func() uint64 {
			arg := hypercall.SchedRemoteShutdown{DomainID: peer, Reason: hypercall.SHUTDOWN_crash}
			return pv.SchedOp(hypercall.SCHEDOP_remote_shutdown, &arg)
		}},
		{"current_reservation of another", func() uint64 {
			arg := hypercall.XenMemoryDomain{DomID: peer}
			return pv.MemoryOp(hypercall.XENMEM_current_reservation, &arg)
		}},
		{"mmu_update with another's frames", func() uint64 {
			_, result := pv.MMUUpdates(hypercall.ForeignDom(peer), hypercall.MMUUpdate{Ptr: pv.SpareFrame(0) * pv.PageSize})
			return result
		}},
		{"mmuext_op on another's frames", func() uint64 {
			_, result := pv.MMUExtOps(peer, hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_UNPIN_TABLE, Arg1: 1})
			return result
		}},
		{"machine_memory_map", func() uint64 {
			var arg hypercall.XenMemoryMap
			return pv.MemoryOp(hypercall.XENMEM_machine_memory_map, &arg)
		}},
	} {
		t.Errno(c.what, c.call(), hypercall.EPERM)
	}
	meet()
}

// rightsOfDomain0 looks at the other domain.
func rightsOfDomain0(t *pv.T) {
	p := ports[data]
	self, remote := pv.DomainID(), pv.Status(p).U.Port()
	arg := hypercall.EvtchnStatus{Dom: peer, Port: remote}
	t.OK("status of another's port", pv.EventOp(hypercall.EVTCHNOP_status, &arg))
	t.Equal("its state", uint64(arg.Status), hypercall.EVTCHNSTAT_interdomain)
	t.Equal("its peer's domain", uint64(arg.U.Domain()), uint64(self))
	t.Equal("its peer", uint64(arg.U.Port()), uint64(p))
	unbound := hypercall.EvtchnAllocUnbound{Dom: peer, RemoteDom: hypercall.DOMID_SELF}
	t.OK("alloc_unbound in another domain", pv.EventOp(hypercall.EVTCHNOP_alloc_unbound, &unbound))
	local, result := bind(unbound.Port)
	t.OK("bind to it", result)
	pv.Close(local)
	reservation := hypercall.XenMemoryDomain{DomID: peer}
	pages := pv.MemoryOp(hypercall.XENMEM_current_reservation, &reservation)
	t.Check(hypercall.Failed(pages) == 0 && pages > 0, "the other domain has %x pages", pages)
}

// frames tries to map what is not this domain's: of the machine's memory every so many frames. Domain 0 may map devices'
// frames, so this is for others.
func frames(t *pv.T) {
	if !pv.Domain0() {
		var s pv.Space
		s.Install(300)
		highest := pv.MemoryOp[byte](hypercall.XENMEM_maximum_ram_page, nil)
		tried := uint64(0)
		const step = 61
		for mfn := uint64(0); mfn < highest+1000; mfn += step {
			if pfn := pv.M2P(min(mfn, highest-1)); pfn < pv.StartInfo.NrPages && *pv.P2M(pfn) == mfn {
				continue
			}
			tried++
			for _, bits := range [...]uint64{pv.RO, pv.RW} {
				result := s.Set(0, pv.FrameEntry(mfn, bits))
				if e := hypercall.Failed(result); !t.Check(e == hypercall.EBUSY || e == hypercall.EPERM, "frame %x could be mapped, or %x", mfn, result) {
					pv.Need("unmap", s.Set(0, 0))
				}
			}
		}
		t.Check(tried > 100, "only %d frames were tried", tried)
		s.Remove()
	}
	meet()
}
