// Package upcall takes events.
//
// The library masks events while it runs, so it looks for them itself: [Scan] clears what is pending and calls each port's
// handler, on whatever thread's stack, with no way to wait, and with none of the library's locks held.
//
// Each vCPU has two ports of its own, its timer's and one by which the others call it, which it alone takes. Any other it
// takes where it finds it: the bits of all vCPUs' ports are in the same words.
package upcall

import (
	"math/bits"
	"sync/atomic"

	"tuco/guestlib/console"
	"tuco/guestlib/cpu"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/mm"
	"tuco/guestlib/spin"
	"tuco/hypercall"
)

// MaxPorts is how many ports the library can listen to: as many as it has descriptors for them.
const MaxPorts = 1024

// A listener takes the events of a port.
type listener struct {
	take func(arg uint64)
	arg  uint64
	once bool // the port is masked when an event was taken, until Unmask
	vcpu uint32
}

var shared *hypercall.SharedInfo

// The ports that are listened to, and who listens. Those that are not masked come first: the wait for events takes this list,
// and it would not wait for a port that is pending, masked or not.
var (
	lock      spin.Lock // for what follows
	ports     [MaxPorts]hypercall.Port
	listeners [MaxPorts]listener
	places    [hypercall.EVTCHN_2L_NR_CHANNELS]uint16 // where in these two a port is, if it is there
	bound     int
	unmasked  int
	waits     uint32 // a bit for each vCPU that waits for events of those that were unmasked then
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
	// register_vcpu_info made every word of ports look pending.
	c := cpu.This()
	c.Info.EvtchnPendingSel, c.Info.EvtchnUpcallPending = 0, 0
	announce()
	return shared
}

// Listen has a handler called for each event of a port, also for one that is pending already. ENOSPC: there are MaxPorts
// already; EEXIST: somebody listens to this one.
func Listen(port hypercall.Port, take func(arg uint64)) hypercall.Errno {
	_, err := listen(port, listener{take: take})
	return err
}

// ListenOnce has a handler called with an argument for an event of a port, which is masked then. After Unmask it is called
// for the next one, or for one that came meanwhile.
//
// It returns which vCPU the events notify, which has to run.
func ListenOnce(port hypercall.Port, take func(arg uint64), arg uint64) (vcpu uint32, err hypercall.Errno) {
	return listen(port, listener{take: take, arg: arg, once: true})
}

func listen(port hypercall.Port, l listener) (vcpu uint32, err hypercall.Errno) {
	status := hypercall.EvtchnStatus{Dom: hypercall.DOMID_SELF, Port: port}
	err = hypercalls.EventOp(hypercall.EVTCHNOP_status, &status)
	l.vcpu = status.VCPU
	lock.Lock()
	switch {
	case err != 0:
	case bound == MaxPorts || port >= hypercall.EVTCHN_2L_NR_CHANNELS:
		err = hypercall.ENOSPC
	case find(port) < bound:
		err = hypercall.EEXIST
	default:
		put(bound, port, l)
		bound++
	}
	lock.Unlock()
	if err != 0 {
		return 0, err
	}
	return l.vcpu, Unmask(port)
}

// find is where a port is in the list, or where the list ends.
func find(port hypercall.Port) int {
	if port < hypercall.EVTCHN_2L_NR_CHANNELS {
		if i := int(places[port]); i < bound && ports[i] == port {
			return i
		}
	}
	return bound
}

func put(i int, port hypercall.Port, l listener) {
	ports[i], listeners[i], places[port] = port, l, uint16(i)
}

// Unmask lets events of a port come that is listened to. One that is pending is raised now.
func Unmask(port hypercall.Port) hypercall.Errno {
	lock.Lock()
	i := find(port)
	if i == bound {
		lock.Unlock()
		return hypercall.ENOENT
	}
	vcpu := listeners[i].vcpu
	if i >= unmasked {
		swap(i, unmasked)
		unmasked++
	}
	late := waits>>vcpu&1 != 0 // with a list that this port is not on
	err := reveal(port)        // not while another vCPU takes an event of the port, and masks it
	lock.Unlock()
	if late {
		Notify(vcpu)
	}
	return err
}

// reveal clears a port's mask bit, with no hypercall if no event was held back by it. Where one may have been, the bit has to be
// set when the hypervisor is asked: only to one that it clears itself it looks for what was held back.
func reveal(port hypercall.Port) hypercall.Errno {
	w, bit := port/64, uint64(1)<<(port%64)
	pending, masks := &shared.EvtchnPending[w], &shared.EvtchnMask[w]
	if atomic.LoadUint64(pending)&bit == 0 {
		atomic.AndUint64(masks, ^bit)
		if atomic.LoadUint64(pending)&bit == 0 { // after the mask: whoever sets it from here on sees that
			return 0
		}
		atomic.OrUint64(masks, bit)
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
	lock.Lock()
	if i := find(port); i < bound {
		mask(i)
		i = find(port)
		bound--
		swap(i, bound)
	}
	lock.Unlock()
}

func swap(i, j int) {
	port, l := ports[i], listeners[i]
	put(i, ports[j], listeners[j])
	put(j, port, l)
}

// Scan takes all that is pending on this vCPU: from the root to the leaves, clearing on the way.
func Scan() {
	c := cpu.This()
	c.Info.EvtchnUpcallPending = 0
	for words := atomic.SwapUint64(&c.Info.EvtchnPendingSel, 0); words != 0; words &= words - 1 {
		w := bits.TrailingZeros64(words)
		pending := atomic.LoadUint64(&shared.EvtchnPending[w]) &^ atomic.LoadUint64(&shared.EvtchnMask[w]) &^ others(c.ID, w)
		pending &= atomic.AndUint64(&shared.EvtchnPending[w], ^pending) // what another vCPU has taken since is not there any more
		for ; pending != 0; pending &= pending - 1 {
			take(c.ID, hypercall.Port(64*w+bits.TrailingZeros64(pending)))
		}
	}
}

func take(vcpu uint32, port hypercall.Port) {
	switch own := &owns[vcpu]; port {
	case own.timer:
		tick()
		return
	case own.call:
		return // that the vCPU looks is all it is for
	}
	lock.Lock()
	i := find(port)
	if i == bound {
		lock.Unlock()
		return
	}
	l := listeners[i]
	if l.once {
		mask(i)
	}
	lock.Unlock()
	l.take(l.arg)
}

// maxList is how many ports a wait names. With more, it costs less to be interrupted than to name them; and the hypervisor takes
// 128 at most.
const maxList = 32

// Wait waits until somebody calls this vCPU or a port is pending that is this vCPU's and listened to, or until a system time; 0:
// for ever. Events stay masked, or are masked again.
func Wait(until uint64) {
	id := cpu.This().ID
	list := [maxList]hypercall.Port{owns[id].call}
	arg := hypercall.SchedPoll{Ports: hypercall.Handle[hypercall.Port](hypercalls.Address(&list[0])), NrPorts: 1, Timeout: until}
	lock.Lock()
	for i := range listeners[:unmasked] {
		if listeners[i].vcpu != id {
			continue
		}
		if arg.NrPorts == maxList {
			lock.Unlock()
			arg.NrPorts = 0
			cpu.Await(&arg)
			return
		}
		list[arg.NrPorts] = ports[i]
		arg.NrPorts++
	}
	waits |= 1 << id
	lock.Unlock()
	hypercalls.SchedOp(hypercall.SCHEDOP_poll, &arg)
	lock.Lock()
	waits &^= 1 << id
	lock.Unlock()
}
