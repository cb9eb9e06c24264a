// Command ends is guests that come to an end in all ways, with all that a domain can have, and some that see it. The
// command line says which:
//
//	peer=N    connects to that port of domain 1, and sends an event on it; then
//	has=A+B   takes what a domain can have: see holdings; and
//	end=NAME  ends: see endings
//	show=1    shows a page to whoever has rights over this domain, and waits for its end: see show
//
//	witness=N stay=S  sees N-1 others come and go: see witness
//	holder=D          holds the page that domain D shows: see holder
//	lend=D, borrow=D  grant a page to that domain; use the page that it grants: see lend
package main

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

func main() {
	if n := pv.Number("witness=", 0); n != 0 {
		witness(n - 1)
		return
	}
	if d := pv.Number("holder=", 0); d != 0 {
		holder(hypercall.DomID(d))
		return
	}
	if d := pv.Number("borrow=", 0); d != 0 {
		borrow(hypercall.DomID(d))
		return
	}
	if d := pv.Number("lend=", 0); d != 0 {
		lend(hypercall.DomID(d))
		return
	}
	if pv.Number("show=", 0) != 0 {
		show()
		return
	}
	connect(hypercall.Port(pv.Number("peer=", 0)))
	for i := range holdings {
		if h := &holdings[i]; pv.Listed(pv.Option("has="), h.name) {
			h.take()
		}
	}
	for i := range endings {
		if e := &endings[i]; pv.Listed(pv.Option("end="), e.name) {
			e.end()
		}
	}
}

// endings are the ways to end; the first is what happens without one.
var endings = [...]struct {
	name string
	end  func()
}{
	{"poweroff", func() {}},
	{"reboot", func() { pv.Shutdown(hypercall.SHUTDOWN_reboot) }},
	{"suspend", func() { pv.Shutdown(hypercall.SHUTDOWN_suspend) }},
	{"crash", func() { pv.Shutdown(hypercall.SHUTDOWN_crash) }},
	{"unknown", func() { pv.Shutdown(77) }},
	{"hopeless", hopeless},
	{"unwatched", unwatched},
}

// hopeless faults where the kernel has no handler.
func hopeless() {
	pv.Need("set_trap_table", pv.SetTrapTable(nil))
	*pv.At[uint64](8) = 0
}

// unwatched does not feed its watchdog, which was set in a mood to keep the processor.
func unwatched() {
	arg := hypercall.SchedWatchdog{Timeout: 1}
	if id := pv.SchedOp(hypercall.SCHEDOP_watchdog, &arg); hypercall.Failed(id) != 0 {
		panic("no watchdog")
	}
	pv.Spin(^uint64(0))
}

// connect binds a port to one of domain 1, which may not have it yet, and sends an event.
func connect(remote hypercall.Port) {
	for {
		arg := hypercall.EvtchnBindInterdomain{RemoteDom: witnessDomain, RemotePort: remote}
		if result := pv.EventOp(hypercall.EVTCHNOP_bind_interdomain, &arg); result == 0 {
			event := hypercall.EvtchnSend{Port: arg.LocalPort}
			pv.Need("send", pv.EventOp(hypercall.EVTCHNOP_send, &event))
			return
		}
		pv.Sleep(pv.Now() + pv.Millisecond)
	}
}
