// Package upcall takes events.
//
// The library masks events while it runs, so it looks for them itself: [Scan] clears what is pending and calls each port's
// handler, on whatever thread's stack, with no way to wait.
package upcall

import (
	"math/bits"
	"sync/atomic"

	"tuco/guestlib/console"
	"tuco/guestlib/cpu"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/mm"
	"tuco/hypercall"
)

// MaxPorts is how many ports the library can listen to.
const MaxPorts = 64

var (
	shared *hypercall.SharedInfo
	ports  [MaxPorts]hypercall.Port // those that are listened to; the wait for events takes this list
	takes  [MaxPorts]func()
	bound  int
)

// Init maps the page that is shared with the hypervisor.
func Init(machine uint64) *hypercall.SharedInfo {
	va, ok := mm.AllocPage()
	if !ok || hypercalls.UpdateVAMapping(va, machine|mm.SharedPage, hypercall.UVMF_INVLPG) != 0 {
		console.Fatal("the page shared with the hypervisor can't be mapped")
	}
	shared = hypercalls.At[hypercall.SharedInfo](va)
	return shared
}

// BindVIRQ has a handler called for a virtual interrupt of a vCPU.
func BindVIRQ(virq, vcpu uint32, take func()) hypercall.Errno {
	arg := hypercall.EvtchnBindVIRQ{VIRQ: virq, VCPU: vcpu}
	if err := hypercalls.EventOp(hypercall.EVTCHNOP_bind_virq, &arg); err != 0 {
		return err
	}
	return listen(arg.Port, take)
}

func listen(port hypercall.Port, take func()) hypercall.Errno {
	if bound == MaxPorts {
		return hypercall.ENOSPC
	}
	ports[bound], takes[bound] = port, take
	bound++
	return hypercalls.EventOp(hypercall.EVTCHNOP_unmask, &hypercall.EvtchnUnmask{Port: port})
}

// Scan takes all that is pending on this vCPU: from the root to the leaves, clearing on the way.
func Scan(c *cpu.CPU) {
	c.Info.EvtchnUpcallPending = 0
	for words := atomic.SwapUint64(&c.Info.EvtchnPendingSel, 0); words != 0; words &= words - 1 {
		w := bits.TrailingZeros64(words)
		pending := atomic.LoadUint64(&shared.EvtchnPending[w]) &^ atomic.LoadUint64(&shared.EvtchnMask[w])
		atomic.AndUint64(&shared.EvtchnPending[w], ^pending)
		for ; pending != 0; pending &= pending - 1 {
			take(hypercall.Port(64*w + bits.TrailingZeros64(pending)))
		}
	}
}

func take(port hypercall.Port) {
	for i := range ports[:bound] {
		if ports[i] == port {
			takes[i]()
		}
	}
}

// Wait waits until a port that is listened to is pending, or until a system time; 0: for ever. Events stay masked.
func Wait(until uint64) {
	arg := hypercall.SchedPoll{
		Ports: hypercall.Handle[hypercall.Port](hypercalls.Address(&ports[0])), NrPorts: uint32(bound), Timeout: until,
	}
	hypercalls.SchedOp(hypercall.SCHEDOP_poll, &arg)
}
