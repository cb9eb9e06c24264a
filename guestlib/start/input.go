package start

import (
	"tuco/guestlib/console"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/sched"
	"tuco/guestlib/spin"
	"tuco/guestlib/upcall"
	"tuco/hypercall"
)

// typing is what somebody types, on its way to the program. One thread at a time has all but the lock; it gives the lock back
// while it shows what was typed, which may wait.
var typing struct {
	lock     spin.Lock
	busy     bool
	keys     [128]byte // not looked at yet, as the line before them was not read
	first, n int
	bound    bool // to the event of the hypervisor's console
}

// typingKey is what a thread waits for that waits until another has read: no futex has this address.
const typingKey = 5

// input reads a line that somebody types, or a part of it, and waits for it. Nobody types where there neither is a page nor may the
// domain read the hypervisor's console, which is domain 0's.
func input(to, size uint64) uint64 {
	if size == 0 {
		return 0
	}
	t := &typing
	t.lock.Lock()
	for t.busy {
		if e := await(typingKey, 0, &t.lock); e != 0 {
			t.lock.Unlock()
			return e
		}
	}
	t.busy = true
	t.lock.Unlock()
	result := readLine(to, size)
	t.lock.Lock()
	t.busy = false
	sched.Wake(typingKey, 1)
	t.lock.Unlock()
	return result
}

// readLine is input of the one thread that reads.
func readLine(to, size uint64) uint64 {
	t := &typing
	for {
		var line [128]byte // the program's memory may have to be mapped first
		if n, ok := console.Typed.Read(line[:min(size, uint64(len(line)))]); ok {
			return uint64(copy(bytesAt(to, size), line[:n]))
		}
		if t.first < t.n {
			t.first += show(t.keys[t.first:t.n])
			continue
		}
		t.lock.Lock()
		n, ok := fetchKeys()
		if ok && n == 0 {
			if e := await(consoleKey, 0, &t.lock); e != 0 {
				t.lock.Unlock()
				return e
			}
		}
		t.lock.Unlock()
		if !ok {
			return 0
		}
		t.first, t.n = 0, n
	}
}

// show takes keys and shows them; how many is returned. Beside the page there is no screen that others write on too.
func show(keys []byte) (taken int) {
	if !console.Attached() {
		return console.Type(keys)
	}
	var echo [8]byte
	if n := console.Typed.Type(keys[0], echo[:]); n > 0 {
		output(hypercalls.Address(&echo), uint64(n))
	}
	return 1
}

// fetchKeys is how many keys were typed since. It is not ok if nobody types.
func fetchKeys() (n int, ok bool) {
	t := &typing
	if n, ok := console.Take(t.keys[:]); ok {
		if n > 0 {
			notifyConsole()
		}
		return n, true
	}
	if !t.bound {
		virq := hypercall.EvtchnBindVIRQ{VIRQ: hypercall.VIRQ_CONSOLE}
		if hypercalls.EventOp(hypercall.EVTCHNOP_bind_virq, &virq) != 0 || upcall.Listen(virq.Port, consoleEvent) != 0 {
			return 0, false
		}
		t.bound = true
	}
	result := hypercalls.Call(hypercall.HYPERVISOR_console_io, hypercall.CONSOLEIO_read, uint64(len(t.keys)), hypercalls.Address(&t.keys), 0, 0)
	return int(result), hypercall.Failed(result) == 0
}
