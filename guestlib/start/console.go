package start

import (
	"tuco/guestlib/clock"
	"tuco/guestlib/console"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/mm"
	"tuco/guestlib/sched"
	"tuco/guestlib/upcall"
	"tuco/hypercall"
	ringconsole "tuco/ring/console"
)

// consoleKey is what a thread waits for that waits for the console's daemon: no futex has this address.
const consoleKey = 3

// consolePort is the port of the console's daemon, or 0.
var consolePort hypercall.Port

// attachConsole maps the console's page. Domain 0 has none: what is in its place in the start info is the VGA console's.
func attachConsole(info *hypercall.StartInfo) {
	if info.Flags&hypercall.SIF_INITDOMAIN != 0 || info.ConsoleMFN == 0 || info.ConsoleEvtchn == 0 {
		return
	}
	va, ok := mm.AllocPage()
	if !ok || hypercalls.UpdateVAMapping(va, uint64(info.ConsoleMFN)*mm.PageSize|mm.SharedPage, hypercall.UVMF_INVLPG) != 0 {
		console.Fatal("the console's page can't be mapped")
	}
	if upcall.Listen(info.ConsoleEvtchn, consoleEvent) != 0 {
		console.Fatal("the console's port can't be listened to")
	}
	consolePort = info.ConsoleEvtchn
	console.Attach(hypercalls.At[ringconsole.Page](va))
}

// consoleEvent is what an event of the daemon does: somebody has typed, or there is room again.
func consoleEvent(uint64) {
	typing.lock.Lock() // who has just looked waits already
	sched.Wake(consoleKey, sched.MaxThreads)
	typing.lock.Unlock()
}

// attended tells whether a daemon listens to the console's port. Until one does, what the program writes would stay in the page.
func attended() bool {
	if !console.Attached() {
		return false
	}
	if !wasAttended {
		status := hypercall.EvtchnStatus{Dom: hypercall.DOMID_SELF, Port: consolePort}
		err := hypercalls.EventOp(hypercall.EVTCHNOP_status, &status)
		wasAttended = err == 0 && status.Status == hypercall.EVTCHNSTAT_interdomain
	}
	return wasAttended
}

var wasAttended bool

// daemon is how output gets on with who takes it.
var daemon = console.Daemon{Now: clock.Now, Notify: notifyConsole, Wait: func(until uint64) {
	if !sched.Wait(consoleKey, until, nil) {
		sched.Yield() // a signal that is due keeps the thread from waiting
	}
}}

func notifyConsole() {
	hypercalls.EventOp(hypercall.EVTCHNOP_send, &hypercall.EvtchnSend{Port: consolePort})
}

// output is what the program writes on its standard output or error.
func output(from, size uint64) uint64 {
	text := bytesAt(from, size)
	if !attended() {
		console.Write(text)
		return size
	}
	var buffer [512]byte // the page's lock is not held while the program's memory is touched
	for len(text) > 0 {
		n := copy(buffer[:], text)
		text = text[n:]
		if !console.Transmit(buffer[:n], &daemon) {
			break
		}
	}
	return size
}
