package upcall

import (
	"sync/atomic"

	"tuco/guestlib/console"
	"tuco/guestlib/cpu"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/mm"
	"tuco/hypercall"
)

// Conceal takes the shared page out of the page tables before the domain is saved, having told in it where the list of machine
// frames is.
func Conceal() {
	const frameOfRoot = ^uint64(0xfff)
	shared.Arch.MaxPFN = mm.Pages()
	shared.Arch.P2MGeneration = 0
	shared.Arch.P2MVaddr = mm.List()
	shared.Arch.P2MCR3 = mm.Root() & frameOfRoot
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
	for i := range shared.EvtchnMask {
		atomic.StoreUint64(&shared.EvtchnMask[i], ^uint64(0))
	}
	lock.Unlock()
	if Equip(cpu.This().ID) != 0 {
		console.Fatal("the hypervisor refused the vCPU's event ports after the domain was restored")
	}
	return shared
}
