package console

import (
	"sync/atomic"

	"tuco/guestlib/spin"
	"tuco/hypercall"
	"tuco/ring"
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
func Attach(page *hypercall.XenconsInterface) {
	attached.out = ring.Producer(page.Out[:], &page.OutProd, &page.OutCons)
	attached.in = ring.Consumer(page.In[:], &page.InProd, &page.InCons)
	atomic.StoreUint32(&attached.up, 1) // after the rings
}

// Attached tells whether there is a page. There is none any more once the daemon has written there what can't be.
func Attached() bool { return atomic.LoadUint32(&attached.up) != 0 }

// Put puts as much of a text into the page as there is room for. It is not ok if there is no page. The text must not be memory of
// the program's, which may have to be mapped first.
func Put(text []byte) (n int, ok bool) { return use(&attached.out, (*ring.Bytes).Put, text) }

// Take takes as much as was typed, or there is room for. It is not ok if there is no page. What it takes to must not be memory of
// the program's.
func Take(to []byte) (n int, ok bool) { return use(&attached.in, (*ring.Bytes).Take, to) }

func use(b *ring.Bytes, f func(*ring.Bytes, []byte) (int, error), text []byte) (n int, ok bool) {
	if !Attached() {
		return 0, false
	}
	// A vCPU that ends the domain may have stopped another one here.
	if !attached.lock.Try(patience) {
		return 0, false
	}
	n, err := f(b, text)
	if err != nil {
		atomic.StoreUint32(&attached.up, 0)
	}
	attached.lock.Unlock()
	return n, err == nil
}
