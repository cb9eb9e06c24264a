// Command pair is two domains that test events and grants between each other, step by step together:
//
//	peer=D         the other domain
//	port=N         side 1 says where side 0 has its first port; without it this is side 0
//
// Side 0 ends last.
package main

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

func main() {
	peer = hypercall.DomID(pv.Number("peer=", 0))
	first = hypercall.Port(pv.Number("port=", 0))
	pv.MaskUpcalls()
	pv.Main(&group)
}

// group is the tests. Each begins and ends with both sides at the same point.
var group = pv.Group{Name: "pair", Tests: []pv.Test{
	{Name: "connect", Run: connect},
	{Name: "refused", Run: refused},
	{Name: "rights", Run: rights},
	{Name: "frames", Run: frames},
	{Name: "poll", Run: pingPongPoll},
	{Name: "block", Run: pingPongBlock},
	{Name: "mask", Run: mask},
	{Name: "storm", Run: storm},
	{Name: "close", Run: closeAndBind},
	{Name: "grants", Run: grants},
	{Name: "copies", Run: exchange},
	{Name: "restless-granter", Run: restlessGranter},
	{Name: "stubborn-user", Run: stubbornUser},
	{Name: "gone", Run: gone},
}}

var (
	peer  hypercall.DomID
	first hypercall.Port // side 0's first port, on side 1
)

// side0 tells which side this is.
func side0() bool { return first == 0 }

// nobody is the number of a domain that does not exist.
const nobody hypercall.DomID = 77

// The channels, by their order in ports.
const (
	meeting0 = iota // for meet, in turns
	meeting1
	data
	channels
)

var ports [channels]hypercall.Port

// meetings counts calls of meet.
var meetings int

// meet waits for the other side to come to the same point. It has two channels in turns, since the other side may come to
// the next point while this one has not taken its event for this point.
func meet() {
	p := ports[meeting0+meetings%2]
	meetings++
	pv.Need("send", pv.Send(p))
	for !take(p) {
	}
}

// patience is how long a side waits for the other.
const patience = 20 * pv.Second

// take waits for an event on a port, masked or not, and takes it. It is false if there was an upcall instead. With no
// event for too long the guest ends.
func take(p hypercall.Port) bool {
	until := pv.Now() + patience
	pv.Need("poll", pv.Poll(until, p))
	if !pv.Pending(p) {
		if pv.Now() >= until {
			panic("the other side does not answer")
		}
		return false
	}
	pv.ClearPending(p)
	return true
}

// bind connects a port to one of the other side's.
func bind(remote hypercall.Port) (local hypercall.Port, result uint64) {
	arg := hypercall.EvtchnBindInterdomain{RemoteDom: peer, RemotePort: remote}
	result = pv.EventOp(hypercall.EVTCHNOP_bind_interdomain, &arg)
	return arg.LocalPort, result
}

// requireStatus requires a port to be in a state, with a peer.
func requireStatus(t *pv.T, what string, p hypercall.Port, state uint32, u hypercall.EvtchnPeer) {
	got := pv.Status(p)
	t.Equal(what, uint64(got.Status), uint64(state))
	t.Equal("domain of its peer", uint64(got.U.Domain()), uint64(u.Domain()))
	if state == hypercall.EVTCHNSTAT_interdomain {
		t.Equal("its peer", uint64(got.U.Port()), uint64(u.Port()))
	}
}
