package pv

import (
	"math/bits"
	"sync/atomic"

	"tuco/hypercall"
	"tuco/kernel/text"
)

// EventOp is event_channel_op.
func EventOp[T any](cmd uint64, arg *T) uint64 {
	return command(hypercall.HYPERVISOR_event_channel_op, cmd, arg)
}

// Need ends the guest if a hypercall has failed which only prepares a test.
func Need(what string, result uint64) {
	if e := hypercall.Failed(result); e != 0 {
		var l text.Line
		fatal(l.Str(what).Str(": ").Str(e.String()).Template(" (%d)", uint64(e)))
	}
}

// Unbound is a new port that waits for a domain.
func Unbound(remote hypercall.DomID) hypercall.Port {
	arg := hypercall.EvtchnAllocUnbound{Dom: hypercall.DOMID_SELF, RemoteDom: remote}
	Need("alloc_unbound", EventOp(hypercall.EVTCHNOP_alloc_unbound, &arg))
	return arg.Port
}

// Loopback is two new ports of this domain that are connected. The second, as the one that was bound, starts pending.
func Loopback() (a, b hypercall.Port) {
	a = Unbound(hypercall.DOMID_SELF)
	arg := hypercall.EvtchnBindInterdomain{RemoteDom: hypercall.DOMID_SELF, RemotePort: a}
	Need("bind_interdomain", EventOp(hypercall.EVTCHNOP_bind_interdomain, &arg))
	return a, arg.LocalPort
}

// BindIPI is a new port by which this domain notifies one of its vCPUs.
func BindIPI(vcpu uint32) hypercall.Port {
	arg := hypercall.EvtchnBindIPI{VCPU: vcpu}
	Need("bind_ipi", EventOp(hypercall.EVTCHNOP_bind_ipi, &arg))
	return arg.Port
}

// BindVIRQ is a new port for a virtual interrupt.
func BindVIRQ(virq, vcpu uint32) hypercall.Port {
	arg := hypercall.EvtchnBindVIRQ{VIRQ: virq, VCPU: vcpu}
	Need("bind_virq", EventOp(hypercall.EVTCHNOP_bind_virq, &arg))
	return arg.Port
}

// Close closes ports.
func Close(ports ...hypercall.Port) {
	for _, p := range ports {
		Need("close", EventOp(hypercall.EVTCHNOP_close, &hypercall.EvtchnClose{Port: p}))
	}
}

// Send notifies the other end of a port. Were it inlined in another package, the compiler would take the argument for one
// that escapes.
//
//go:noinline
func Send(p hypercall.Port) uint64 {
	arg := hypercall.EvtchnSend{Port: p}
	return Call(hypercall.HYPERVISOR_event_channel_op, hypercall.EVTCHNOP_send, Address(&arg), 0, 0, 0)
}

// Status is what a port of this domain is.
func Status(p hypercall.Port) hypercall.EvtchnStatus {
	arg := hypercall.EvtchnStatus{Dom: hypercall.DOMID_SELF, Port: p}
	Need("status", EventOp(hypercall.EVTCHNOP_status, &arg))
	return arg
}

// DomainID is the number of this domain.
func DomainID() hypercall.DomID {
	p := Unbound(hypercall.DOMID_SELF)
	id := Status(p).U.Domain()
	Close(p)
	return id
}

// Shared is the page shared with the hypervisor.
func Shared() *hypercall.SharedInfo { return sharedInfo }

// word and bit say where a port stands in the arrays of bits.
func word(p hypercall.Port) int   { return int(p / 64) }
func bit(p hypercall.Port) uint64 { return 1 << (p % 64) }

// Pending tells whether a port is pending.
func Pending(p hypercall.Port) bool {
	return atomic.LoadUint64(&sharedInfo.EvtchnPending[word(p)])&bit(p) != 0
}

// ClearPending makes a port not pending.
func ClearPending(p hypercall.Port) {
	atomic.AndUint64(&sharedInfo.EvtchnPending[word(p)], ^bit(p))
}

// Mask masks a port.
func Mask(p hypercall.Port) { atomic.OrUint64(&sharedInfo.EvtchnMask[word(p)], bit(p)) }

// Masked tells whether a port is masked.
func Masked(p hypercall.Port) bool {
	return atomic.LoadUint64(&sharedInfo.EvtchnMask[word(p)])&bit(p) != 0
}

// Unmask lets the hypervisor unmask a port, which raises what came meanwhile.
func Unmask(p hypercall.Port) {
	Need("unmask", EventOp(hypercall.EVTCHNOP_unmask, &hypercall.EvtchnUnmask{Port: p}))
}

// Selected tells whether this vCPU is told to look at the word of a port.
func Selected(p hypercall.Port) bool {
	return atomic.LoadUint64(&This().Info.EvtchnPendingSel)>>word(p)&1 != 0
}

// MaskUpcalls keeps upcalls from this vCPU.
func MaskUpcalls() { This().Info.EvtchnUpcallMask = 1 }

// UnmaskUpcalls lets upcalls come: one that waits comes with the next entry from the hypervisor, here at once.
func UnmaskUpcalls() {
	This().Info.EvtchnUpcallMask = 0
	XenVersion[byte](hypercall.XENVER_version, nil)
}

// TakeEvents clears all that this vCPU is told of, from the root to the leaf, and calls take for each pending port that
// is not masked.
func TakeEvents(take func(hypercall.Port)) {
	info := This().Info
	info.EvtchnUpcallPending = 0
	for words := atomic.SwapUint64(&info.EvtchnPendingSel, 0); words != 0; words &= words - 1 {
		w := bits.TrailingZeros64(words)
		ready := atomic.LoadUint64(&sharedInfo.EvtchnPending[w]) &^ atomic.LoadUint64(&sharedInfo.EvtchnMask[w])
		for ; ready != 0; ready &= ready - 1 {
			p := hypercall.Port(64*w + bits.TrailingZeros64(ready))
			ClearPending(p)
			take(p)
		}
	}
}

// ForgetEvents clears all that this vCPU is told of.
func ForgetEvents() { TakeEvents(func(hypercall.Port) {}) }
