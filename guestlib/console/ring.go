package console

import (
	"sync/atomic"

	"tuco/guestlib/spin"
	"tuco/ring"
	ringconsole "tuco/ring/console"
)

// attached is the console of a domain that is not privileged: a page that it shares with a daemon of another domain. What the
// program writes goes there, and what somebody types comes from there. What the library itself has to say does not: it is on
// the hypervisor's console, which works always.
var attached struct {
	lock spin.Lock
	up   uint32
	out  ring.Bytes
	in   ring.Bytes
}

// Attach has Put and Take use a page.
func Attach(page *ringconsole.Page) {
	attached.out, attached.in = page.Guest()
	atomic.StoreUint32(&attached.up, 1) // after the rings
}

// Attached tells whether there is a page. There is none any more once the daemon has written there what can't be.
func Attached() bool { return atomic.LoadUint32(&attached.up) != 0 }

// Put puts as much of a text into the page as there is room for. It is not ok if there is no page. The text must not be memory of
// the program's, which may have to be mapped first.
func Put(text []byte) (n int, ok bool) {
	if !begin() {
		return 0, false
	}
	n, err := attached.out.Put(text) // not by a function value, or who calls would have to allocate the text
	return n, end(err)
}

// Take takes as much as was typed, or there is room for. It is not ok if there is no page. What it takes to must not be memory of
// the program's.
func Take(to []byte) (n int, ok bool) {
	if !begin() {
		return 0, false
	}
	n, err := attached.in.Take(to)
	return n, end(err)
}

// begin takes the page, if there is one. A vCPU that ends the domain may have stopped another one that has it.
func begin() bool { return Attached() && attached.lock.Try(patience) }

// end gives the page back. After an error there is none any more, which is said where it can be seen.
func end(err error) bool {
	broke := err != nil && atomic.SwapUint32(&attached.up, 0) != 0
	attached.lock.Unlock()
	if broke {
		var l Line
		l.Str("guest: the console's daemon moved an index to where it can't be: what the program writes comes here from now on").End()
	}
	return err == nil
}

// Daemon is how Transmit gets on with who takes what is put into the page.
type Daemon struct {
	Now    func() uint64      // in nanoseconds
	Notify func()             // there is something
	Wait   func(until uint64) // for an event of the daemon's, or a time
}

// How long Transmit waits for a daemon that takes nothing, in nanoseconds, and how long before it looks whether an event got lost.
const longestWait, oneWait = 10_000_000_000, 10_000_000

// gaveUp says that the daemon was waited for in vain: it is not waited for again until it takes something. A program should not
// stand still for its console's sake.
var gaveUp uint32

// Transmit puts a text into the page as there is room. It tells whether it has; what is left is lost then. The text is as Put's.
func Transmit(text []byte, d *Daemon) bool {
	end := d.Now() + longestWait
	for {
		n, ok := Put(text)
		if !ok {
			Write(text)
			return true
		}
		now := d.Now()
		if n > 0 {
			d.Notify()
			atomic.StoreUint32(&gaveUp, 0)
			text, end = text[n:], now+longestWait
		}
		switch {
		case len(text) == 0:
			return true
		case atomic.LoadUint32(&gaveUp) != 0:
			return false
		case now >= end:
			atomic.StoreUint32(&gaveUp, 1)
			return false
		}
		d.Wait(now + oneWait)
	}
}
