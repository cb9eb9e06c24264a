package main

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// witnessDomain is the number of the domain that sees the others' ends: the first.
const witnessDomain = 1

// firstPort is the first port that an unprivileged domain finds free: two are the store's and the console's.
const firstPort = 3

// witness has a port for each of some domains, whose numbers follow its own. It waits until each has sent an event and is
// gone. Then it stays for some more seconds.
func witness(others uint64) {
	for n := range others {
		if p := pv.Unbound(hypercall.DomID(witnessDomain + 1 + n)); p != hypercall.Port(firstPort+n) {
			panic("a port has another number")
		}
	}
	for n := range others {
		waitFor(hypercall.Port(firstPort + n))
	}
	pv.Print("witness: %d domains have come and gone", others)
	pv.Sleep(pv.Now() + pv.Number("stay=", 0)*pv.Second)
}

// waitFor waits until a port has got an event and is not connected any more.
func waitFor(p hypercall.Port) {
	for !pv.Pending(p) {
		pv.Sleep(pv.Now() + pv.Millisecond)
	}
	for {
		switch pv.Status(p).Status {
		case hypercall.EVTCHNSTAT_unbound:
			return
		case hypercall.EVTCHNSTAT_interdomain:
		default:
			panic("a port is in a wrong state")
		}
		pv.Sleep(pv.Now() + pv.Millisecond)
	}
}
