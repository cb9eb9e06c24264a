package main

import (
	"fmt"
	"sync/atomic"
	"time"

	"tuco/guestlib/hyper"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/page"
	"tuco/hypercall"
	"tuco/ring/console"
	"tuco/ring/xenstore"
)

// impossible is an index that no ring has after so few bytes.
const impossible = 1 << 31

// spoilStore moves an index in the store's page to where it can't be: the daemon gives the connection up, and says so. One may ask for another.
func spoilStore() error {
	info, err := hyper.StartInfo()
	if err != nil {
		return err
	}
	p, err := mapped[xenstore.Page](info.StoreMFN)
	if err != nil {
		return err
	}
	atomic.StoreUint32(&p.ReqProd, impossible)
	if err := await("the store", info.StoreEvtchn, func() bool { return atomic.LoadUint32(&p.Error) == xenstore.ErrorIndex }); err != nil {
		return err
	}
	refused("the store: an index beyond the ring", "the connection was given up")
	atomic.StoreUint32(&p.Connection, xenstore.Reconnect)
	return await("the store", info.StoreEvtchn, func() bool { return atomic.LoadUint32(&p.Connection) == xenstore.Connected })
}

// spoilConsole does so with the console's, when all that was said before has gone: after that nothing more can be.
func spoilConsole() error {
	info, err := hyper.StartInfo()
	if err != nil {
		return err
	}
	p, err := mapped[console.Page](info.ConsoleMFN)
	if err != nil {
		return err
	}
	gone := func() bool { return atomic.LoadUint32(&p.OutCons) == atomic.LoadUint32(&p.OutProd) }
	if err := await("the console", info.ConsoleEvtchn, gone); err != nil {
		return err
	}
	atomic.StoreUint32(&p.OutProd, atomic.LoadUint32(&p.OutProd)+impossible)
	notify(info.ConsoleEvtchn)
	return nil
}

// mapped is a page of this domain's, mapped once more.
func mapped[T any](mfn hypercall.XenPFN) (*T, error) {
	room, err := page.Reserve(1)
	if err != nil {
		return nil, err
	}
	if err := room.Map(0, mfn); err != nil {
		return nil, err
	}
	return hypercalls.At[T](room.Address(0)), nil
}

func notify(port hypercall.Port) {
	_, _ = hyper.Event("send an event", hypercall.EVTCHNOP_send, hypercall.EvtchnSend{Port: port})
}

// await sends events until something is so: a peer that has many for nothing looks more slowly, but it looks.
func await(whose string, port hypercall.Port, so func() bool) error {
	const patience, pause = 2 * time.Minute, 10 * time.Millisecond
	for begun := time.Now(); !so(); time.Sleep(pause) {
		if time.Since(begun) > patience {
			return fmt.Errorf("%s does not mind what is in its page", whose)
		}
		notify(port)
	}
	return nil
}
