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

// A listener takes the events of a port.
type listener struct {
	take func(arg uint64)
	arg  uint64
	once bool // the port is masked when an event was taken, until Unmask
}

// The ports that are listened to, and who listens. Those that are not masked come first: the wait for events takes this list,
// and it would not wait for a port that is pending, masked or not.
var (
	shared    *hypercall.SharedInfo
	ports     [MaxPorts]hypercall.Port
	listeners [MaxPorts]listener
	bound     int
	unmasked  int
)

// Init maps the page that is shared with the hypervisor. All ports are masked until somebody listens, so that no event is
// taken that nobody would hear of.
func Init(machine uint64) *hypercall.SharedInfo {
	va, ok := mm.AllocPage()
	if !ok || hypercalls.UpdateVAMapping(va, machine|mm.SharedPage, hypercall.UVMF_INVLPG) != 0 {
		console.Fatal("the page shared with the hypervisor can't be mapped")
	}
	shared = hypercalls.At[hypercall.SharedInfo](va)
	for i := range shared.EvtchnMask {
		atomic.StoreUint64(&shared.EvtchnMask[i], ^uint64(0))
	}
	return shared
}

// BindVIRQ has a handler called for a virtual interrupt of a vCPU.
func BindVIRQ(virq, vcpu uint32, take func(arg uint64)) hypercall.Errno {
	arg := hypercall.EvtchnBindVIRQ{VIRQ: virq, VCPU: vcpu}
	if err := hypercalls.EventOp(hypercall.EVTCHNOP_bind_virq, &arg); err != 0 {
		return err
	}
	return Listen(arg.Port, take)
}

// Listen has a handler called for each event of a port, also for one that is pending already. ENOSPC: there are MaxPorts
// already; EEXIST: somebody listens to this one.
func Listen(port hypercall.Port, take func(arg uint64)) hypercall.Errno {
	return listen(port, listener{take: take})
}

// ListenOnce has a handler called with an argument for an event of a port, which is masked then. After Unmask it is called
// for the next one, or for one that came meanwhile.
func ListenOnce(port hypercall.Port, take func(arg uint64), arg uint64) hypercall.Errno {
	return listen(port, listener{take: take, arg: arg, once: true})
}

func listen(port hypercall.Port, l listener) hypercall.Errno {
	switch {
	case bound == MaxPorts || port >= hypercall.EVTCHN_2L_NR_CHANNELS:
		return hypercall.ENOSPC
	case find(port) < bound:
		return hypercall.EEXIST
	}
	ports[bound], listeners[bound] = port, l
	bound++
	return Unmask(port)
}

// find is where a port is in the list, or where the list ends.
func find(port hypercall.Port) int {
	for i := range ports[:bound] {
		if ports[i] == port {
			return i
		}
	}
	return bound
}

// Unmask lets events of a port come that is listened to. If one is pending the hypervisor raises it now.
func Unmask(port hypercall.Port) hypercall.Errno {
	i := find(port)
	if i == bound {
		return hypercall.ENOENT
	}
	if i >= unmasked {
		swap(i, unmasked)
		unmasked++
	}
	return hypercalls.EventOp(hypercall.EVTCHNOP_unmask, &hypercall.EvtchnUnmask{Port: port})
}

// mask keeps events of a port, by its place in the list, from coming.
func mask(i int) {
	w, bit := ports[i]/64, uint64(1)<<(ports[i]%64)
	atomic.OrUint64(&shared.EvtchnMask[w], bit)
	if i < unmasked {
		unmasked--
		swap(i, unmasked)
	}
}

// Forget ends the listening to a port.
func Forget(port hypercall.Port) {
	i := find(port)
	if i == bound {
		return
	}
	mask(i)
	bound--
	swap(find(port), bound)
}

func swap(i, j int) {
	ports[i], ports[j] = ports[j], ports[i]
	listeners[i], listeners[j] = listeners[j], listeners[i]
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
	i := find(port)
	if i == bound {
		return
	}
	l := listeners[i]
	if l.once {
		mask(i)
	}
	l.take(l.arg)
}

// Wait waits until a port that is listened to is pending, or until a system time; 0: for ever. Events stay masked.
func Wait(until uint64) {
	arg := hypercall.SchedPoll{
		Ports: hypercall.Handle[hypercall.Port](hypercalls.Address(&ports[0])), NrPorts: uint32(unmasked), Timeout: until,
	}
	hypercalls.SchedOp(hypercall.SCHEDOP_poll, &arg)
}
