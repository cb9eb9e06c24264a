// Package console shares the serial port between the hypervisor's log and
// domain 0, which has no other console.
//
// From the moment that domain 0 owns the console, what it writes goes out as it
// is, and each line of the log begins with Prefix, so that a reader, and the
// host tool, can tell them apart. A line of the log never begins in the middle
// of one of the domain's: that is ended first, and Resumed comes before what the
// domain writes next. So nothing that a domain writes in the middle of a line
// can pass for the beginning of one, and with it for the log.
//
// What is typed goes to domain 0 then. Three times Ctrl-A gives the keyboard to
// the hypervisor's keys, and three times more gives it back, as in Xen.
package console

import (
	"sync/atomic"

	"tuco/kernel/klog"
	"tuco/kernel/lock"
	"tuco/kernel/uart"
)

// Prefix begins each line of the log while domain 0 owns the console.
const Prefix = "(TUCO) "

// Resumed comes before the rest of a line of domain 0's that the log has ended.
const Resumed = "\x00"

var (
	owned  atomic.Bool
	column bool // the domain's last line is not ended; under klog.Hold
	broken bool // it was, by the log; under klog.Hold
)

// Give makes domain 0 the console's owner.
func Give() {
	owned.Store(true)
	klog.Infof("console: now domain 0's; three times Ctrl-A for the hypervisor's keys")
}

// Log writes a line of the log. It is klog.Sink.
func Log(line []byte) {
	if owned.Load() {
		if column {
			column, broken = false, true
			uart.Write([]byte("\n"))
		}
		uart.Write([]byte(Prefix))
	}
	uart.Write(line)
}

// Write writes what domain 0 says.
func Write(text []byte) {
	klog.Hold()
	if broken && len(text) > 0 {
		broken = false
		uart.Write([]byte(Resumed))
	}
	uart.Write(text)
	if n := len(text); n > 0 {
		column = text[n-1] != '\n'
	}
	klog.Drop()
}

// input is what was typed and domain 0 has not read yet.
var input struct {
	lock     lock.Spin
	bytes    [1024]byte // a ring
	in, out  uint32     // free-running
	escapes  int        // how many Ctrl-A in a row
	diverted bool       // to the hypervisor's keys
}

// Init makes the console usable for input.
func Init() { input.lock.Init(lock.Console) }

const (
	ctrlA   = 1
	escapes = 3
)

// Type takes a byte that was typed. It returns whether it was for domain 0,
// which is then to be told, and whether it was for nobody else.
func Type(h *lock.Holder, b byte) (forDomain, taken bool) {
	if !owned.Load() {
		return false, false
	}
	input.lock.Lock(h)
	forDomain, taken = typed(b)
	input.lock.Unlock(h)
	return forDomain, taken
}

func typed(b byte) (forDomain, taken bool) {
	if b != ctrlA {
		input.escapes = 0
	} else if input.escapes++; input.escapes == escapes {
		input.escapes = 0
		input.diverted = !input.diverted
		to := "domain 0"
		if input.diverted {
			to = "the hypervisor's keys (h lists them)"
		}
		klog.Infof("console: what is typed now goes to %s", klog.S(to))
		return false, true
	}
	if input.diverted {
		return false, b == ctrlA
	}
	if input.in-input.out < uint32(len(input.bytes)) {
		input.bytes[input.in%uint32(len(input.bytes))] = b
		input.in++
	}
	return true, true
}

// Read takes what was typed for domain 0, as much as fits.
func Read(h *lock.Holder, to []byte) (n int) {
	input.lock.Lock(h)
	for n < len(to) && input.out != input.in {
		to[n] = input.bytes[input.out%uint32(len(input.bytes))]
		input.out++
		n++
	}
	input.lock.Unlock(h)
	return n
}
