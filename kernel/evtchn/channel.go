package evtchn

import (
	"sync/atomic"

	"tuco/hypercall"
)

// perBucket is how many ports a bucket has: as many as real Xen's, since a
// guest sees by EINVAL which ports were never there.
const perBucket = 64

// Bucket is the memory of 64 ports. All zero, they are closed.
type Bucket struct{ ports [perBucket]port }

// port is a channel's end in a domain.
type port struct {
	// word is the state and the vCPU that is notified. It is written under the
	// domain's lock, as the last step of whatever makes the port usable.
	word atomic.Uint32

	number uint32          // the peer's port, the VIRQ or the PIRQ
	peer   *Domain         // where interdomain
	peerID hypercall.DomID // who may bind, where unbound
}

// state is what a port is: EVTCHNSTAT_*.
type state uint8

const (
	closed      state = hypercall.EVTCHNSTAT_closed
	unbound     state = hypercall.EVTCHNSTAT_unbound
	interdomain state = hypercall.EVTCHNSTAT_interdomain
	pirqBound   state = hypercall.EVTCHNSTAT_pirq
	virqBound   state = hypercall.EVTCHNSTAT_virq
	ipiBound    state = hypercall.EVTCHNSTAT_ipi
)

// word is a port's state and vCPU.
type word uint32

func makeWord(s state, vcpu uint32) word { return word(uint32(s) | vcpu<<8) }
func (w word) state() state              { return state(w) }
func (w word) vcpu() uint32              { return uint32(w >> 8) }

// load reads state and vCPU. Acquire: what the port's state is about was
// written before the word.
func (p *port) load() word { return word(p.word.Load()) }

// store is the release that pairs with load.
func (p *port) store(s state, vcpu uint32) { p.word.Store(uint32(makeWord(s, vcpu))) }
