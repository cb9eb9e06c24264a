package upcall

import (
	"sync/atomic"

	"tuco/guestlib/console"
	"tuco/guestlib/cpu"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/mm"
	"tuco/hypercall"
)

// announce tells in the shared page where the list of machine frames is: who saves the domain looks there, before it asks.
func announce() {
	shared.Arch.MaxPFN = mm.Pages()
	shared.Arch.PFNToMFNFrameListList = ^hypercall.XenPFN(0) // there is no tree
	shared.Arch.P2MVaddr = mm.List()
	shared.Arch.P2MCR3 = mm.Root()
}

// Conceal takes the shared page, which is not the domain's, out of the page tables before the domain is saved.
func Conceal() {
	hypercalls.UpdateVAMapping(hypercalls.Address(shared), 0, hypercall.UVMF_INVLPG|hypercall.UVMF_ALL)
}

// Reveal maps the shared page again, which may be another one.
func Reveal(machine uint64) {
	if hypercalls.UpdateVAMapping(hypercalls.Address(shared), machine|mm.SharedPage, hypercall.UVMF_INVLPG|hypercall.UVMF_ALL) != 0 {
		console.Fatal("the page shared with the hypervisor can't be mapped again")
	}
}

// Renew begins anew with events, on the only vCPU: no port of before is there any more.
func Renew() *hypercall.SharedInfo {
	lock.Lock()
	bound, unmasked = 0, 0
	clear(all[:])
	announce()
	for i := range shared.EvtchnMask {
		atomic.StoreUint64(&shared.EvtchnMask[i], ^uint64(0))
	}
	lock.Unlock()
	if Equip(cpu.This().ID) != 0 {
		console.Fatal("the hypervisor refused the vCPU's event ports after the domain was restored")
	}
	return shared
}
